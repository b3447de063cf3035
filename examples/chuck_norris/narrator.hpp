// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
#include <string>

/// Tells what happens, and keeps the promises: what is told, but not so, is a broken one.
class narrator {
public:
    explicit narrator(bool quiet) : quiet_{quiet} {}

    void title(const std::string& text) {
        if (!quiet_) write(std::cout, '\n' + text);
    }
    void say(const std::string& text) {
        if (!quiet_) write(std::cout, "   " + text);
    }
    /// Told even by one who is quiet.
    void end(const std::string& text) { write(std::cout, (quiet_ ? "" : "\n") + text); }

    void promise(bool kept, const std::string& text) {
        if (kept) return;
        all_kept_ = false;
        write(std::cerr, "BROKEN PROMISE: " + text);
    }
    [[nodiscard]] bool all_kept() const noexcept { return all_kept_; }

private:
    /// In one piece: observers write, too.
    static void write(std::ostream& out, const std::string& line) { out << line + '\n' << std::flush; }

    const bool quiet_;
    bool all_kept_ = true;
};
