# SPDX-License-Identifier: Apache-2.0
# Warnings and sanitizers, for our own targets only.

add_library(optnet_flags INTERFACE)
target_compile_options(optnet_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(OPTNET_WERROR)
  target_compile_options(optnet_flags INTERFACE -Werror)
endif()
if(OPTNET_SANITIZE)
  add_compile_options(-fsanitize=${OPTNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OPTNET_SANITIZE})
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
