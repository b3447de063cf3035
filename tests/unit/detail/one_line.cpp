// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include <pooly/detail/one_line.hpp>
#include <pooly/pooly.hpp>

#include "support/catch.hpp"

using pooly::detail::one_line;

TEST_CASE("control characters become spaces, and nothing else does") {
    CHECK(one_line("refused\n\tIs it running?\r\n") == "refused  Is it running?  ");
    CHECK(one_line("gr\xc3\xb6\xc3\x9f"
                   "e ~\x7f") ==
          "gr\xc3\xb6\xc3\x9f"
          "e ~ ");
    CHECK(one_line("").empty());
}

TEST_CASE("what a pool says of a failure is one line, though its cause and its name are several") {
    pooly::pool<int> db{[]() -> int { throw std::runtime_error{"refused\n\tIs it running?"}; },
                        {.name = "a\nb", .size = 1, .start = pooly::start_mode::lazy}};
    const auto text = [&](auto attempt) -> std::string {
        try {
            (void)attempt();
        } catch (const pooly::pool_error& failure) {
            return failure.what();
        }
        return "\n";
    };
    CHECK(text([&] { return db.checkout(); }).find_first_of("\n\t") == std::string::npos);
    CHECK(text([&] { return db.try_checkout().value(); }).find_first_of("\n\t") == std::string::npos);
}
