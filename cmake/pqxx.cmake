# SPDX-License-Identifier: MIT

# Gives pooly_pqxx, to link where adapters/pqxx.hpp is included, if libpqxx 6 is found.
if(NOT TARGET pooly_postgres)
    return()
endif()
pkg_check_modules(libpqxx QUIET IMPORTED_TARGET "libpqxx>=6" "libpqxx<7")
if(NOT TARGET PkgConfig::libpqxx)
    if(POOLY_REQUIRE_SERVERS)
        message(FATAL_ERROR "libpqxx 6 is not installed (Debian's package is libpqxx-dev)")
    endif()
    message(STATUS "libpqxx 6 is not installed: what needs it is not built")
    return()
endif()

add_library(pooly_pqxx INTERFACE)
target_link_libraries(pooly_pqxx INTERFACE pooly_postgres PkgConfig::libpqxx)

set(pqxx_adapter ${adapters})
list(FILTER pqxx_adapter INCLUDE REGEX "/pooly/adapters/pqxx[./]")
if(pqxx_adapter)
    target_sources(pooly_pqxx INTERFACE
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${pqxx_adapter}
    )
    set_target_properties(pooly_pqxx PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endif()
