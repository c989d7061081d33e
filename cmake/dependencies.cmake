# SPDX-License-Identifier: Apache-2.0
# Every dependency is found on the system; where it is absent and there is a network, it is fetched.

include(FetchContent)
find_package(Threads REQUIRED)

macro(optnet_dependency name target)
  FetchContent_Declare(${name} ${ARGN} FIND_PACKAGE_ARGS)
  if(NOT TARGET ${target})
    FetchContent_MakeAvailable(${name})
  endif()
endmacro()

optnet_dependency(Eigen3 Eigen3::Eigen GIT_REPOSITORY https://gitlab.com/libeigen/eigen.git GIT_TAG 3.4.0)
optnet_dependency(fmt fmt::fmt-header-only GIT_REPOSITORY https://github.com/fmtlib/fmt.git GIT_TAG 9.1.0)

find_package(Boost 1.70 QUIET)
if(NOT TARGET Boost::headers)
  FetchContent_Declare(hana GIT_REPOSITORY https://github.com/boostorg/hana.git GIT_TAG boost-1.74.0)
  FetchContent_GetProperties(hana)
  if(NOT hana_POPULATED)
    FetchContent_Populate(hana)
  endif()
  add_library(optnet_hana INTERFACE)
  target_include_directories(optnet_hana INTERFACE $<BUILD_INTERFACE:${hana_SOURCE_DIR}/include>)
  add_library(Boost::headers ALIAS optnet_hana)
endif()

if(OPTNET_TORCH_PARTS)
  include(${CMAKE_CURRENT_LIST_DIR}/libtorch.cmake)
endif()
