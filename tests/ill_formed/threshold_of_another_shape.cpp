// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "huber(z, M)"
// expect: "z: [n], M: [m]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"m"> m;
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr nonneg<"M", m> M;
constexpr auto f = huber(z, M);
