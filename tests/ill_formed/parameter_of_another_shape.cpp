// SPDX-License-Identifier: Apache-2.0
// expect: this_parameter_is_unknown<
// expect: "s"
// expect: or one of another shape by that name
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"x"> x;
constexpr param<"s"> s;
constexpr nonneg<"lambda"> lambda;
template <class Problem, class... B> void call(const Problem&, const B&...) {
    optnet::dsl::bindings_fit<Problem, true, typename B::parameter...>();
}
constexpr auto problem = minimize(s * x + lambda * abs(x));
namespace other {
constexpr nonneg<"s"> s;
}
void use() { call(problem, other::s = 1.0, lambda = 3.0); }
