# SPDX-License-Identifier: MIT

# Gives pooly_postgres, to link where adapters/postgres.hpp is included, if libpq is found, and sets
# pooly_postgres_bindir to where the programs of the server are, if they are anywhere.
set(pooly_postgres_bindir)
if(PkgConfig_FOUND)
    pkg_check_modules(libpq QUIET IMPORTED_TARGET libpq)
endif()
if(NOT TARGET PkgConfig::libpq)
    pooly_is_missing(libpq libpq-dev "what needs it is not built")
    return()
endif()
pooly_add_adapter(postgres PkgConfig::libpq)

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
    pooly_is_missing("A PostgreSQL server" postgresql "the tests that need one are skipped")
endif()

find_program(POOLY_PGBOUNCER pgbouncer PATHS /usr/sbin)
if(NOT POOLY_PGBOUNCER)
    pooly_is_missing(PgBouncer pgbouncer "the test that needs it is skipped")
endif()
