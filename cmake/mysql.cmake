# SPDX-License-Identifier: MIT

# Gives pooly_mysql, to link where adapters/mysql.hpp is included, if MariaDB Connector/C is found, and where the
# programs of the server are.
if(PkgConfig_FOUND)
    pkg_check_modules(libmariadb QUIET IMPORTED_TARGET libmariadb)
endif()
if(NOT TARGET PkgConfig::libmariadb)
    pooly_is_missing("MariaDB Connector/C" libmariadb-dev "what needs it is not built")
    return()
endif()
pooly_add_adapter(mysql PkgConfig::libmariadb)

find_program(POOLY_MARIADBD mariadbd PATHS /usr/sbin)
find_program(POOLY_MARIADB_INSTALL_DB mariadb-install-db)
find_program(POOLY_OPENSSL openssl)
if(NOT POOLY_OPENSSL)
    pooly_is_missing("OpenSSL's program" openssl "MariaDB is not tested with TLS")
endif()
if(NOT POOLY_MARIADBD OR NOT POOLY_MARIADB_INSTALL_DB)
    pooly_is_missing("A MariaDB server" mariadb-server-core "the tests that need one are skipped")
endif()
