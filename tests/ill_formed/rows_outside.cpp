// SPDX-License-Identifier: Apache-2.0
// expect: these_rows_or_columns_are_outside<
// expect: "rows<1, 6>(W)"
// expect: 0 <= from < to <= the number of rows or columns
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"W", 5, 2> W;
constexpr auto f = rows<1, 6>(W);
