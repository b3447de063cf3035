# SPDX-License-Identifier: MIT

# build: what to install; prefix: where to, emptied first so that a file no longer installed is missed.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${prefix}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}" COMMAND_ERROR_IS_FATAL ANY)
