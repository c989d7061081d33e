// SPDX-License-Identifier: Apache-2.0
// expect: these_rows_or_columns_are_outside<
// expect: "cols<n, n>(W)"
// expect: 0 <= from < to <= the number of rows or columns
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = cols<n, n>(W);
