# SPDX-License-Identifier: Apache-2.0
# LibTorch as imported targets of our own: find_package(Torch) of a CUDA wheel insists on a toolkit and on probing for GPUs.
#
# Looked for, in this order: OPTNET_TORCH (the folder with lib/libtorch_cpu.so), Torch_DIR, CMAKE_PREFIX_PATH, the torch that
# python3 imports, and the one that scripts/setup keeps in the user's cache. Sets OPTNET_TORCH and OPTNET_PYTHON, and makes
# the target optnet_libtorch.

set(OPTNET_TORCH "$ENV{OPTNET_TORCH}" CACHE PATH "Folder of LibTorch: the one that holds lib/libtorch_cpu.so")
set(optnet_cache "$ENV{XDG_CACHE_HOME}")
if(NOT optnet_cache)
  set(optnet_cache "$ENV{HOME}/.cache")
endif()

function(optnet_torch_of_python python result)
  execute_process(COMMAND ${python} -c "import torch, os; print(os.path.dirname(torch.__file__))"
                  OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(folder "")
  endif()
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

if(NOT OPTNET_TORCH)
  set(candidates)
  if(Torch_DIR)
    list(APPEND candidates "${Torch_DIR}/../../..")
  endif()
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
    list(APPEND candidates "${prefix}" "${prefix}/../..")
  endforeach()
  foreach(python python3 "${optnet_cache}/optnet/venv/bin/python3")
    optnet_torch_of_python("${python}" folder)
    list(APPEND candidates "${folder}")
  endforeach()
  foreach(candidate IN LISTS candidates)
    if(candidate AND EXISTS "${candidate}/lib/libtorch_cpu.so" AND EXISTS "${candidate}/include/ATen/ATen.h")
      get_filename_component(candidate "${candidate}" REALPATH)
      set(OPTNET_TORCH "${candidate}" CACHE PATH "Folder of LibTorch: the one that holds lib/libtorch_cpu.so" FORCE)
      break()
    endif()
  endforeach()
endif()
if(NOT EXISTS "${OPTNET_TORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch was not found. Run scripts/setup, or pass -DOPTNET_TORCH=<folder that holds lib/libtorch_cpu.so>, "
                      "or build without the layer: -DOPTNET_TORCH_PARTS=OFF.")
endif()

file(STRINGS "${OPTNET_TORCH}/include/torch/headeronly/version.h" optnet_torch_version REGEX "define TORCH_VERSION ")
if(NOT optnet_torch_version AND EXISTS "${OPTNET_TORCH}/include/torch/csrc/api/include/torch/version.h")
  file(STRINGS "${OPTNET_TORCH}/include/torch/csrc/api/include/torch/version.h" optnet_torch_version REGEX "define TORCH_VERSION ")
endif()
string(REGEX MATCH "[0-9]+\\.[0-9]+" optnet_torch_version "${optnet_torch_version}")
if(optnet_torch_version AND optnet_torch_version VERSION_LESS 2.6)
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
