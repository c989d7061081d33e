// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_known_to_be_psd<
// expect: "constant(...) * T(constant(...))"
// expect: declare it psd<...>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

struct matrix { // the types of one of Eigen's
    static constexpr int RowsAtCompileTime = 2, ColsAtCompileTime = 2;
    int rows() const { return 2; }
    int cols() const { return 2; }
    matrix eval() const { return *this; }
    double operator()(int, int) const { return 1; }
};
constexpr variable<"z", 2> z;
const auto f = quad(z, constant(matrix{}) * T(constant(matrix{})));
