# SPDX-License-Identifier: MIT

# Gives Catch2::Catch2 and catch_discover_tests(): the installed Catch2, 2 or 3, or version 3 fetched where there is none.
include(FetchContent)
set(repository https://github.com/catchorg/Catch2.git)
FetchContent_Declare(Catch2
    GIT_REPOSITORY ${repository}
    GIT_TAG v3.7.1
    GIT_SHALLOW ON
    SYSTEM
    FIND_PACKAGE_ARGS
)
# Looked at first: a fetch that fails says so at length, but not what to do about it.
find_package(Catch2 QUIET)
if(NOT Catch2_FOUND AND NOT FETCHCONTENT_SOURCE_DIR_CATCH2 AND NOT EXISTS "${FETCHCONTENT_BASE_DIR}/catch2-src")
    find_package(Git QUIET)
    set(unreachable 1)
    if(GIT_FOUND)
        execute_process(
            COMMAND "${GIT_EXECUTABLE}" ls-remote ${repository} HEAD
            TIMEOUT 60
            RESULT_VARIABLE unreachable
            OUTPUT_QUIET ERROR_QUIET
        )
    endif()
    if(unreachable)
        message(FATAL_ERROR "Catch2 is neither installed nor can it be fetched from ${repository}: install "
            "it (Debian's package is catch2), or configure with -DPOOLY_BUILD_TESTS=OFF.")
    endif()
endif()
FetchContent_MakeAvailable(Catch2)
if(Catch2_FOUND)
    message(STATUS "Catch2 ${Catch2_VERSION} is installed")
    list(APPEND CMAKE_MODULE_PATH "${Catch2_DIR}")
else()
    message(STATUS "Catch2 was fetched")
    list(APPEND CMAKE_MODULE_PATH "${catch2_SOURCE_DIR}/extras")
endif()
include(Catch)
