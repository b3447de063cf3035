# SPDX-License-Identifier: MIT

# project: the consumer's folder; build: where to build it, emptied first; settings: arguments of its configuration.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${build}")
execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${project}" -B "${build}" ${settings}
    COMMAND_ERROR_IS_FATAL ANY
)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${build}/consumer" COMMAND_ERROR_IS_FATAL ANY)
