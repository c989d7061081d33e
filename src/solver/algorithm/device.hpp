// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marks what nvcc compiles for a GPU as well.

#if defined(__CUDACC__)
#define OPTNET_DEVICE __host__ __device__
#define OPTNET_OUT_OF_LINE __noinline__      // a large piece that is used twice
#define OPTNET_ROLLED _Pragma("unroll 1")    // a loop whose body is large, or that mostly ends after one turn
#define OPTNET_UNROLLED _Pragma("unroll")    // of constant length: its arrays become registers
#define OPTNET_TURNS _Pragma("unroll turns") // the loads of so many turns, a constant, are on their way together
#else
#define OPTNET_DEVICE
#define OPTNET_OUT_OF_LINE
#define OPTNET_ROLLED
#define OPTNET_UNROLLED
#define OPTNET_TURNS
#endif
