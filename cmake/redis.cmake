# SPDX-License-Identifier: MIT

# Gives pooly_redis, to link where adapters/redis.hpp is included, if hiredis is found, and POOLY_REDIS_SERVER.
if(PkgConfig_FOUND)
    pkg_check_modules(hiredis QUIET IMPORTED_TARGET hiredis)
endif()
if(NOT TARGET PkgConfig::hiredis)
    pooly_is_missing(hiredis libhiredis-dev "what needs it is not built")
    return()
endif()
pooly_add_adapter(redis PkgConfig::hiredis)

find_program(POOLY_REDIS_SERVER redis-server)
if(NOT POOLY_REDIS_SERVER)
    pooly_is_missing("A Redis server" redis-server "the tests that need one are skipped")
endif()
