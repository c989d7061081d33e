# SPDX-License-Identifier: Apache-2.0
# The target optnet_libtorch for the LibTorch in OPTNET_TORCH; used by the build and by the installed package.

add_library(optnet_libtorch INTERFACE IMPORTED GLOBAL)
target_include_directories(optnet_libtorch SYSTEM INTERFACE "${OPTNET_TORCH}/include" "${OPTNET_TORCH}/include/torch/csrc/api/include")
set(optnet_torch_libraries torch_cpu c10)
if(EXISTS "${OPTNET_TORCH}/lib/libtorch_cuda.so")
  list(APPEND optnet_torch_libraries torch_cuda c10_cuda)
endif()
foreach(name IN LISTS optnet_torch_libraries)
  target_link_libraries(optnet_libtorch INTERFACE "${OPTNET_TORCH}/lib/lib${name}.so")
endforeach()
target_link_options(optnet_libtorch INTERFACE "LINKER:-rpath,${OPTNET_TORCH}/lib" "LINKER:-rpath-link,${OPTNET_TORCH}/lib")
if(EXISTS "${OPTNET_TORCH}/include/torch/csrc/api/include/torch/version.h")
  target_compile_definitions(optnet_libtorch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
endif()
