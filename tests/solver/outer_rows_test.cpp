// SPDX-License-Identifier: Apache-2.0
// The kernel of outer products, every instruction set and element type: not a bound but the very bits, which the
// symmetry of a gradient of Q rests on.

#include "kernels_reference.hpp"

#include <cstddef>
#include <vector>

using namespace kernel_test;

TEST_CASE("rows of outer products are rounded product by product") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const T alpha = T(-0.5);
        for (const index_t m : sizes)
            for (const index_t n : sizes)
                for (const bool both : {false, true}) {
                    const std::vector<T> u = random_vector<T>(m), v = random_vector<T>(m);
                    const std::vector<T> x = random_vector<T>(n), y = random_vector<T>(n);
                    matrix<T> found(m, n);
                    k.outer_rows(found.at(), found.ld, u.data(), x.data(), both ? v.data() : nullptr,
                                 both ? y.data() : nullptr, m, n, alpha);
                    bool right = true;
                    for (index_t i = 0; i < m; ++i)
                        for (index_t j = 0; j < n; ++j) {
                            const auto row = static_cast<std::size_t>(i), column = static_cast<std::size_t>(j);
                            const volatile T first = alpha * u[row] * x[column], second = alpha * v[row] * y[column];
                            right = right && found(i, j) == (both ? first + second : T(first));
                        }
                    INFO("m " << m << ", n " << n << ", both " << both);
                    CHECK(right);
                    CHECK(found.padding_untouched());
                }
    });
}
