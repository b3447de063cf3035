# SPDX-License-Identifier: MIT

# What examples/run answers to --help, and to a name that it does not know.
cmake_minimum_required(VERSION 3.25)

file(GLOB examples RELATIVE "${CMAKE_CURRENT_LIST_DIR}" "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
list(TRANSFORM examples REPLACE "\\.cpp$" "")
list(JOIN examples " " there)
function(run argument)
    execute_process(
        COMMAND "${bash}" "${CMAKE_CURRENT_LIST_DIR}/run" ${argument}
        RESULT_VARIABLE result
        OUTPUT_VARIABLE output
        ERROR_VARIABLE errors
    )
    return(PROPAGATE result output errors)
endfunction()

run(--help)
string(FIND "${output}" "\nEXAMPLE is one of: ${there} (default: quickstart)\n" at)
if(NOT result EQUAL 0 OR at EQUAL -1 OR NOT errors STREQUAL "")
    message(FATAL_ERROR "${result}\n${output}\n${errors}")
endif()

run(nonsense)
set(expected "examples/run: there is no example 'nonsense', but these: ${there}\n")
if(NOT result EQUAL 2 OR NOT output STREQUAL "" OR NOT errors STREQUAL expected)
    message(FATAL_ERROR "${result}\n${output}\n${errors}\nexpected: ${expected}")
endif()
