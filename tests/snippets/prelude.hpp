// SPDX-License-Identifier: MIT
#pragma once

// The names that the README's snippets use without saying where they come from. Declarations only: nothing here runs.
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

using namespace std::chrono_literals;

struct connection {
    explicit connection(std::string_view address);

    void execute(std::string_view statement);
    void rollback();
    int count();
    bool ping();
};

extern pooly::pool<connection>& db;
extern std::stop_token stop;

void log(const std::error_code& why);
void log(std::string_view text);
