// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marks what nvcc compiles for a GPU as well.

#if defined(__CUDACC__)
#define OPTNET_DEVICE __host__ __device__
#define OPTNET_OUT_OF_LINE __noinline__ // a large piece that is used twice
#else
#define OPTNET_DEVICE
#define OPTNET_OUT_OF_LINE
#endif
