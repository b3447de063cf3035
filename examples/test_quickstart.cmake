# SPDX-License-Identifier: MIT

# Runs `quickstart` as a user would; `directory` is written to.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${directory}")
file(MAKE_DIRECTORY "${directory}/temporary")
set(ENV{TMPDIR} "${directory}/temporary")

function(run)
    execute_process(
        COMMAND "${quickstart}" ${ARGN}
        RESULT_VARIABLE result
        OUTPUT_VARIABLE output
        ERROR_VARIABLE errors
    )
    if(NOT result EQUAL 0 OR NOT errors STREQUAL "")
        message(FATAL_ERROR "quickstart ${ARGN}: ${result}\n${output}\n${errors}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect pattern)
    if(NOT output MATCHES "${pattern}")
        message(FATAL_ERROR "no '${pattern}' in\n${output}")
    endif()
endfunction()

run(--help)
expect("^usage: quickstart")

run(--seconds 1)
expect("8 threads, a pool of 2 \\+ 3")
expect("\npool, 1\\.[0-9] s: [0-9 ]+ transfers, [1-9][0-9 ]* rolled back; [0-5] in use, [0-8] waiting\n")
expect("\na transfer that would overdraw an account is rolled back half way, on purpose\n")
expect("books:      they balance: 10 000 in 100 accounts, [1-9][0-9 ]* payments in the journal")
expect("status:     ready; 2 idle, 0 in use, 0 overflow, 0 waiting")
expect("workers:    [0-9 ]+ made, 1 discarded on purpose")
expect("wait:       for a connection, over all check-outs: p50 .*, p90 .*, p99 .*, max ")
expect("throughput: [1-9][0-9 ]* transfers/s\nconnection per transaction, .*throughput: [1-9][0-9 ]* transfers/s")
expect("the pool made [0-9.]+ times as many transfers\n$")
file(GLOB left "${directory}/temporary/*")
if(left)
    message(FATAL_ERROR "left behind: ${left}")
endif()

# One thread, and no connection that is kept: each transfer makes its own.
run(--seconds=1 --threads=1 --size=0 --overflow=1 "--file=${directory}/kept.db")
expect("1 threads, a pool of 0 \\+ 1")
expect("note:       a new connection for every 1\\.[0-9] check-outs")
file(GLOB left RELATIVE "${directory}" "${directory}/kept*")
if(NOT left STREQUAL "kept.db")
    message(FATAL_ERROR "kept.db, and nothing beside it, should be there, not: ${left}")
endif()

run(--seconds 1 --threads 3 --size 1 --overflow 0)
if(output MATCHES "note:")
    message(FATAL_ERROR "nothing was made in vain, and there is a note in\n${output}")
endif()
