// SPDX-License-Identifier: MIT
// For libFuzzer: sequences of verbs against the model of the rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "fuzz/play.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        pooly::test::play(data, size);
    } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        std::abort();
    }
    return 0;
}
