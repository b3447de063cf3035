# SPDX-License-Identifier: MIT

# Runs `chuck_norris` as a user would.
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND "${chuck_norris}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
    if(NOT result EQUAL 0 OR NOT errors STREQUAL "")
        message(FATAL_ERROR "chuck_norris ${ARGN}: ${result}\n${output}\n${errors}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect pattern)
    if(NOT output MATCHES "${pattern}")
        message(FATAL_ERROR "no '${pattern}' in\n${output}")
    endif()
endfunction()

function(refuses line)
    execute_process(COMMAND "${chuck_norris}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
    if(NOT result EQUAL 2 OR NOT output STREQUAL "" OR NOT errors STREQUAL "chuck_norris: ${line}\n")
        message(SEND_ERROR "chuck_norris ${ARGN}: expected status 2 and '${line}'; got ${result}\n${output}\n${errors}")
    endif()
endfunction()

refuses("unknown argument '--loud'; try --help" --loud)
refuses("unknown argument 'quiet'; try --help" quiet)
refuses("unknown argument '--quiet=1'; try --help" --quiet=1)
refuses("--quiet and --verbose: one or the other" --verbose --quiet)

run(--help)
expect("^usage: chuck_norris")

run(--quiet)
expect("^All promises kept\\.\n$")

run(--verbose)
foreach(demo RANGE 1 8)
    expect("\n${demo}\\. .*Back at full strength after [0-9.]+ [mu]?s.*StarWars meanwhile: [1-9][0-9 ]* answers?, the longest")
endforeach()
expect("5 in use, 3 beyond its size")
expect("healthy is stuck on worker")
expect("Z #[0-9]+ pool 'ChuckNorris': failed: 6 workers died within 5 s")
expect("\n\nAll promises kept\\.\n$")
