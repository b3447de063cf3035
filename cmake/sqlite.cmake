# SPDX-License-Identifier: MIT

# Gives pooly_sqlite, to link where adapters/sqlite.hpp is included, if SQLite and SQLiteCpp are found.
find_package(SQLite3 QUIET)
find_package(SQLiteCpp QUIET)
if(NOT TARGET SQLite::SQLite3 OR NOT TARGET SQLiteCpp)
    message(STATUS "SQLite or SQLiteCpp is not installed: what needs them is not built")
    return()
endif()
pooly_add_adapter(sqlite SQLiteCpp SQLite::SQLite3)
