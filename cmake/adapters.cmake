# SPDX-License-Identifier: MIT

option(POOLY_REQUIRE_SERVERS "Fail where a database server that the tests want is missing, instead of skipping them" OFF)

find_package(PkgConfig QUIET)

# What is missing costs the tests that want it, or, where none may be skipped, the whole build.
function(pooly_is_missing what package consequence)
    if(POOLY_REQUIRE_SERVERS)
        message(FATAL_ERROR "${what} is not installed (Debian's package is ${package})")
    endif()
    message(STATUS "${what} is not installed: ${consequence}")
endfunction()

# Makes pooly_<name>, to link where adapters/<name>.hpp is included, and has each of its headers compiled alone.
function(pooly_add_adapter name)
    add_library(pooly_${name} INTERFACE)
    target_link_libraries(pooly_${name} INTERFACE pooly::pooly ${ARGN})
    set(of_adapter ${adapters})
    list(FILTER of_adapter INCLUDE REGEX "/pooly/adapters/${name}[./]")
    if(of_adapter)
        target_sources(pooly_${name} INTERFACE
            FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${of_adapter}
        )
        set_target_properties(pooly_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    endif()
endfunction()

# What the adapters share needs no client library.
pooly_add_adapter(detail)
target_sources(pooly_detail INTERFACE
    FILE_SET HEADERS FILES
        "${PROJECT_SOURCE_DIR}/include/pooly/adapters/retry_policy.hpp"
        "${PROJECT_SOURCE_DIR}/include/pooly/adapters/tcp_watch.hpp"
)
