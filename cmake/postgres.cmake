# SPDX-License-Identifier: MIT

# Gives pooly_postgres, to link where adapters/postgres.hpp is included, if libpq is found, and sets
# pooly_postgres_bindir to where the programs of the server are, if they are anywhere.
option(POOLY_REQUIRE_SERVERS "Fail where a database server that the tests want is missing, instead of skipping them" OFF)

set(pooly_postgres_bindir)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(libpq QUIET IMPORTED_TARGET libpq)
endif()
if(NOT TARGET PkgConfig::libpq)
    if(POOLY_REQUIRE_SERVERS)
        message(FATAL_ERROR "libpq is not installed (Debian's package is libpq-dev)")
    endif()
    message(STATUS "libpq is not installed: what needs it is not built")
    return()
endif()

add_library(pooly_postgres INTERFACE)
target_link_libraries(pooly_postgres INTERFACE pooly::pooly PkgConfig::libpq)

set(postgres_adapter ${adapters})
list(FILTER postgres_adapter INCLUDE REGEX "/pooly/adapters/postgres[./]")
if(postgres_adapter)
    target_sources(pooly_postgres INTERFACE
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${postgres_adapter}
    )
    set_target_properties(pooly_postgres PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endif()

# Debian keeps the server's programs out of the PATH, a directory for each version; the latest wins.
file(GLOB installed LIST_DIRECTORIES ON /usr/lib/postgresql/*/bin)
list(SORT installed COMPARE NATURAL ORDER DESCENDING)
find_program(POOLY_PG_CONFIG pg_config)
if(POOLY_PG_CONFIG)
    execute_process(COMMAND "${POOLY_PG_CONFIG}" --bindir
        OUTPUT_VARIABLE bindir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    )
    list(PREPEND installed "${bindir}")
endif()
foreach(bindir IN LISTS installed)
    if(EXISTS "${bindir}/initdb" AND EXISTS "${bindir}/postgres")
        set(pooly_postgres_bindir "${bindir}")
        break()
    endif()
endforeach()
if(NOT pooly_postgres_bindir)
    if(POOLY_REQUIRE_SERVERS)
        message(FATAL_ERROR "No PostgreSQL server is installed (Debian's package is postgresql)")
    endif()
    message(STATUS "No PostgreSQL server is installed: the tests that need one are skipped")
endif()

find_program(POOLY_PGBOUNCER pgbouncer PATHS /usr/sbin)
if(NOT POOLY_PGBOUNCER)
    if(POOLY_REQUIRE_SERVERS)
        message(FATAL_ERROR "PgBouncer is not installed (Debian's package is pgbouncer)")
    endif()
    message(STATUS "PgBouncer is not installed: the test that needs it is skipped")
endif()
