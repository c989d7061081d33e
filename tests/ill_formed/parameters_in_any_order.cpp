// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"x"> x;
constexpr param<"s"> s;
constexpr nonneg<"lambda"> lambda;
template <class Problem, class... B> void call(const Problem&, const B&...) {
    optnet::dsl::bindings_fit<Problem, true, typename B::parameter...>();
}
constexpr auto problem = minimize(s * x + lambda * abs(x));
void use() { call(problem, lambda = 3, s = 1.0f); }
