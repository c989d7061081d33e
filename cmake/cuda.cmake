# SPDX-License-Identifier: Apache-2.0
# The GPU backend, where a CUDA toolkit is: sets OPTNET_HAS_CUDA. The library is complete without it.

set(OPTNET_CUDA AUTO CACHE STRING "Build the GPU backend: AUTO (where a CUDA toolkit is found), ON or OFF")
set_property(CACHE OPTNET_CUDA PROPERTY STRINGS AUTO ON OFF)
set(OPTNET_CUDA_ARCHITECTURES "80;90" CACHE STRING "GPUs to compile for; newer ones take the last one's intermediate code")
set(OPTNET_HAS_CUDA OFF)
# A sanitizer judges the same source on the host (tests/solver/cuda); the kernels themselves are nothing to it.
if(OPTNET_CUDA AND NOT (OPTNET_CUDA STREQUAL "AUTO" AND OPTNET_SANITIZE))
  find_package(CUDAToolkit 12.0 QUIET)
  if(CUDAToolkit_FOUND AND CUDAToolkit_NVCC_EXECUTABLE AND TARGET CUDA::cudart_static AND TARGET CUDA::cublas AND TARGET CUDA::cusolver)
    set(OPTNET_HAS_CUDA ON)
    foreach(architecture IN LISTS OPTNET_CUDA_ARCHITECTURES)
      if(architecture LESS 80)
        message(FATAL_ERROR "OPTNET_CUDA_ARCHITECTURES names ${architecture}, but the kernels use instructions and shared memory that "
                            "GPUs have from 80 on (A100): leave it out, or build without the GPU backend: -DOPTNET_CUDA=OFF.")
      endif()
    endforeach()
    message(STATUS "GPU backend: CUDA ${CUDAToolkit_VERSION} for sm_${OPTNET_CUDA_ARCHITECTURES}")
  elseif(NOT OPTNET_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "OPTNET_CUDA=ON, but no CUDA toolkit 12 or newer with nvcc, cuBLAS and cuSOLVER was found: put its nvcc "
                        "on the PATH, or pass -DCUDAToolkit_ROOT=<folder>, or install what it lacks (libcublas-dev, "
                        "libcusolver-dev), or build without the GPU backend: -DOPTNET_CUDA=OFF.")
  endif()
endif()
if(NOT OPTNET_HAS_CUDA)
  message(STATUS "GPU backend: not built")
endif()

# optnet_cuda_object(<target> <file.cu>): compiles the file and gives the target the object. Not by CMake's CUDA language: its
# 3.25 knows no C++20 for nvcc, and whoever links the library would have to enable that language too. The compiler's report of
# registers and memory is left beside the object, in <file.cu>.ptxas.
function(optnet_cuda_object target source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${source}.o)
  list(GET OPTNET_CUDA_ARCHITECTURES -1 newest)
  set(code -gencode arch=compute_${newest},code=compute_${newest})
  foreach(architecture IN LISTS OPTNET_CUDA_ARCHITECTURES)
    list(APPEND code -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  add_custom_command(OUTPUT ${object} BYPRODUCTS ${object}.ptxas
    # Relative names, so that ccache finds what another build directory has compiled.
    COMMAND ${CMAKE_COMMAND} -D report=${object}.ptxas -P ${PROJECT_SOURCE_DIR}/cmake/quietly.cmake --
            ${CMAKE_CXX_COMPILER_LAUNCHER} ${CUDAToolkit_NVCC_EXECUTABLE} -std=c++20 -O3 -Xcompiler -fPIC -Xptxas -v ${code}
            -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/src -MD -MF ${source}.d
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${source}.o
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} DEPFILE ${CMAKE_CURRENT_BINARY_DIR}/${source}.d
    COMMENT "Compiling ${source} for GPUs" VERBATIM)
  set_source_files_properties(${object} PROPERTIES GENERATED TRUE EXTERNAL_OBJECT TRUE)
  target_sources(${target} PRIVATE ${object})
endfunction()
