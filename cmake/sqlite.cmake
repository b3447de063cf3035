# SPDX-License-Identifier: MIT

# Gives pooly_sqlite, to link where adapters/sqlite.hpp is included, if SQLite and SQLiteCpp are found.
find_package(SQLite3 QUIET)
find_package(SQLiteCpp QUIET)
if(NOT TARGET SQLite::SQLite3 OR NOT TARGET SQLiteCpp)
    message(STATUS "SQLite or SQLiteCpp is not installed: what needs them is not built")
    return()
endif()

add_library(pooly_sqlite INTERFACE)
target_link_libraries(pooly_sqlite INTERFACE pooly::pooly SQLiteCpp SQLite::SQLite3)

set(sqlite_adapter ${adapters})
list(FILTER sqlite_adapter INCLUDE REGEX "/pooly/adapters/sqlite[./]")
if(sqlite_adapter)
    target_sources(pooly_sqlite INTERFACE
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${sqlite_adapter}
    )
    set_target_properties(pooly_sqlite PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endif()
