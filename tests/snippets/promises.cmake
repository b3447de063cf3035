# SPDX-License-Identifier: MIT

# cmake -DREADME=<file> -DTESTS=<folder> -P promises.cmake
# Fails unless every test that the README's table of guarantees names is defined somewhere under TESTS.
cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE sources "${TESTS}/unit/*.cpp" "${TESTS}/stress/*.cpp" "${TESTS}/sqlite/*.cpp")
set(defined)
foreach(source IN LISTS sources)
    file(READ "${source}" text)
    string(APPEND defined "${text}")
endforeach()

file(READ "${README}" text)
string(REGEX MATCH "## Guarantees.*## Errors" text "${text}")
string(REGEX MATCHALL "[|] `[^`]+` [|]" names "${text}")
list(LENGTH names count)
if(count LESS 10)
    message(FATAL_ERROR "Found only ${count} promises in ${README}")
endif()
foreach(name IN LISTS names)
    string(REGEX REPLACE "^[|] `(.*)` [|]$" "\\1" name "${name}")
    if(name MATCHES "[][()+*?^$|\\]")
        message(SEND_ERROR "Not to be found with ctest -R as it stands: ${name}")
    endif()
    string(FIND "${defined}" "TEST_CASE(\"${name}\"" found)
    if(found EQUAL -1)
        message(SEND_ERROR "No test is called: ${name}")
    endif()
endforeach()
message(STATUS "${count} promises, each with its test")
