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
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Compiles <target> with the headers and flags of the libraries named behind it. Unlike a private link, which a static
# library hands on to whoever links it, this stays out of the exported targets.
function(optnet_compile_with target)
  foreach(library IN LISTS ARGN)
    target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>)
    target_compile_options(${target} PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_OPTIONS>)
  endforeach()
endfunction()
