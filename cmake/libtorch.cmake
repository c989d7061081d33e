# SPDX-License-Identifier: Apache-2.0
# LibTorch as imported targets of our own: find_package(Torch) of a CUDA wheel insists on a toolkit and on probing for GPUs.
# Sets OPTNET_TORCH and OPTNET_PYTHON, and makes the target optnet_libtorch.

include(${CMAKE_CURRENT_LIST_DIR}/libtorch-search.cmake)
set(OPTNET_TORCH "$ENV{OPTNET_TORCH}" CACHE PATH "Folder of LibTorch: the one that holds lib/libtorch_cpu.so")
optnet_torch_version_of("${OPTNET_TORCH}" optnet_torch_version)
if(NOT optnet_torch_version)
  set(optnet_torch_asked "${OPTNET_TORCH}")
  optnet_find_torch(optnet_torch_found)
  set(OPTNET_TORCH "${optnet_torch_found}" CACHE PATH "Folder of LibTorch: the one that holds lib/libtorch_cpu.so" FORCE)
  optnet_torch_version_of("${OPTNET_TORCH}" optnet_torch_version)
  if(optnet_torch_asked)
    message(NOTICE "-- OPTNET_TORCH=${optnet_torch_asked} holds no LibTorch: lib/libtorch_cpu.so and include/ATen/ATen.h are wanted")
  endif()
endif()
if(NOT OPTNET_TORCH)
  message(FATAL_ERROR "LibTorch was not found. Run scripts/setup, or pass -DOPTNET_TORCH=<folder that holds lib/libtorch_cpu.so>, "
                      "or build without the layer: -DOPTNET_TORCH_PARTS=OFF.")
endif()
if(optnet_torch_version VERSION_LESS 2.6)
  message(FATAL_ERROR "LibTorch ${optnet_torch_version} in ${OPTNET_TORCH} is too old; 2.6 or newer is needed.")
endif()
message(STATUS "LibTorch ${optnet_torch_version}: ${OPTNET_TORCH}")

# The Python beside this torch, for the tests of the operator.
set(OPTNET_PYTHON "" CACHE FILEPATH "Python that imports the same torch; default: found beside LibTorch")
if(NOT OPTNET_PYTHON)
  foreach(python "${OPTNET_TORCH}/../../../../bin/python3" python3)
    optnet_torch_of_python("${python}" folder)
    get_filename_component(folder "${folder}" REALPATH)
    if(folder STREQUAL OPTNET_TORCH)
      set(OPTNET_PYTHON "${python}" CACHE FILEPATH "Python that imports the same torch" FORCE)
      break()
    endif()
  endforeach()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/libtorch-target.cmake)
