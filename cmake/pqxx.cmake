# SPDX-License-Identifier: MIT

# Gives pooly_pqxx, to link where adapters/pqxx.hpp is included, if libpqxx 6 is found.
if(NOT TARGET pooly_postgres)
    return()
endif()
pkg_check_modules(libpqxx QUIET IMPORTED_TARGET "libpqxx>=6" "libpqxx<7")
if(NOT TARGET PkgConfig::libpqxx)
    pooly_is_missing("libpqxx 6" libpqxx-dev "what needs it is not built")
    return()
endif()
pooly_add_adapter(pqxx pooly_postgres PkgConfig::libpqxx)
