// SPDX-License-Identifier: MIT
// What libFuzzer has found worth keeping is played again by any compiler.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/play.hpp"
#include "support/catch.hpp"

TEST_CASE("fuzz: in each sequence of the corpus the pool does what the model of its rules does") {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{POOLY_TEST_CORPUS}) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    CHECK_FALSE(files.empty());
    for (const auto& file : files) {
        CAPTURE(file.string());
        std::ifstream in{file, std::ios::binary};
        const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
        const std::vector<std::uint8_t> data(text.begin(), text.end());
        CHECK_NOTHROW(pooly::test::play(data.data(), data.size()));
    }
}
