// SPDX-License-Identifier: Apache-2.0
// expect: this_factor_has_unknown_sign<
// expect: "constant(...) * abs(z)"
// expect: declare it nonneg<...>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

struct matrix { // the types of one of Eigen's, of any size
    static constexpr int RowsAtCompileTime = -1, ColsAtCompileTime = -1;
    int rows() const { return 2; }
    int cols() const { return 2; }
    matrix eval() const { return *this; }
    double operator()(int, int) const { return 1; }
};
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
const auto f = constant(matrix{}) * abs(z);
