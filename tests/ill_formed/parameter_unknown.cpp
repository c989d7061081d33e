// SPDX-License-Identifier: Apache-2.0
// expect: this_parameter_is_unknown<
// expect: "sigma"
// expect: this problem has no such parameter
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"x"> x;
constexpr param<"s"> s;
constexpr nonneg<"lambda"> lambda;
template <class Problem, class... B> void call(const Problem&, const B&...) {
    optnet::dsl::bindings_fit<Problem, true, typename B::parameter...>();
}
constexpr auto problem = minimize(s * x + lambda * abs(x));
constexpr param<"sigma"> sigma;
void use() { call(problem, s = 1.0, sigma = 2.0, lambda = 3.0); }
