# SPDX-License-Identifier: MIT

# compile: compiler and flags; source: the file, which states `// expect: <regex>`.
cmake_minimum_required(VERSION 3.25)

file(STRINGS "${source}" statement REGEX "^// expect: ")
string(REGEX REPLACE "^// expect: " "" expected "${statement}")
if(expected STREQUAL "")
    message(FATAL_ERROR "states no expectation: ${source}")
endif()

set(ENV{LC_ALL} C)  # messages in English, quotes in ASCII

execute_process(
    COMMAND ${compile} "${source}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(result EQUAL 0)
    message(FATAL_ERROR "compiled, and must not: ${source}")
endif()
if(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "refused with another message than '${expected}': ${source}\n${output}")
endif()

execute_process(
    COMMAND ${compile} -DPOOLY_MENDED "${source}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "refused even when mended: ${source}\n${output}")
endif()
