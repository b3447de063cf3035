# SPDX-License-Identifier: MIT

# For our own tests, examples and benchmarks only: link `pooly_warnings` PRIVATE. Never reaches a user of pooly::pooly.
function(pooly_add_warnings_target)
    add_library(pooly_warnings INTERFACE)
    target_compile_options(pooly_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
endfunction()

pooly_add_warnings_target()
