# SPDX-License-Identifier: MIT

# What `name`, the program `example`, answers to --help, and to arguments that are no addresses.
cmake_minimum_required(VERSION 3.25)

function(expect status output_pattern errors_pattern)
    execute_process(
        COMMAND "${example}" ${ARGN}
        RESULT_VARIABLE result
        OUTPUT_VARIABLE output
        ERROR_VARIABLE errors
    )
    if(NOT result EQUAL status OR NOT output MATCHES "${output_pattern}" OR NOT errors MATCHES "${errors_pattern}")
        message(SEND_ERROR "${name} ${ARGN}: ${result}\n${output}\n${errors}")
    endif()
endfunction()

foreach(flag IN ITEMS --help -h)
    expect(0 "^usage: ${name}[ \n].*\nExit status: " "^$" ${flag})
endforeach()
expect(0 "^usage: ${name}[ \n]" "^$" an_address --help)
expect(2 "^$" "^${name}: unknown argument '--nonsense'; try --help\n$" --nonsense)
expect(2 "^$" "^${name}: too many arguments; try --help\n$" one two three)
