# SPDX-License-Identifier: MIT

# Gives Catch2::Catch2 and catch_discover_tests(): the installed Catch2, 2 or 3, or version 3 fetched where there is none.
include(FetchContent)
FetchContent_Declare(Catch2
    GIT_REPOSITORY https://github.com/catchorg/Catch2.git
    GIT_TAG v3.7.1
    GIT_SHALLOW ON
    SYSTEM
    FIND_PACKAGE_ARGS
)
FetchContent_MakeAvailable(Catch2)
if(Catch2_FOUND)
    message(STATUS "Catch2 ${Catch2_VERSION} is installed")
    list(APPEND CMAKE_MODULE_PATH "${Catch2_DIR}")
else()
    message(STATUS "Catch2 was fetched")
    list(APPEND CMAKE_MODULE_PATH "${catch2_SOURCE_DIR}/extras")
endif()
include(Catch)
