// SPDX-License-Identifier: Apache-2.0
// Values of expressions: every operation on shared and batched arguments against the same operation on one problem at a
// time, and the constant matrices of lowering against their definitions.

#include "catch.hpp"
#include "torch/close.hpp"
#include "torch/structured.hpp"
#include "torch/value.hpp"

#include <functional>

using at::Tensor;
using optnet::algebra;
using optnet::value;

namespace {

constexpr std::int64_t batch = 3;

Tensor random(std::vector<std::int64_t> sizes) { return at::rand(sizes, at::kDouble) + 0.1; }

/// A random value of a shape, of every problem of the batch if `batched`.
value make(std::vector<std::int64_t> sizes, bool batched, bool diagonal = false) {
    const int rank = diagonal ? 2 : static_cast<int>(sizes.size());
    if (batched) sizes.insert(sizes.begin(), batch);
    value v = value::of(random(sizes), rank);
    v.diagonal = diagonal;
    return v;
}

/// The part of one problem.
value one(const value& v, std::int64_t k) {
    value result = v;
    if (v.batched()) result.tensor = v.tensor[k];
    return result;
}

Tensor full(const value& v) { return optnet::dense(v).tensor; }

/// f of a batch is f of each of its problems.
void check_batches(const std::function<value(const value&, const value&)>& f, const value& a, const value& b) {
    const value all = f(a, b);
    for (std::int64_t k = 0; k < batch; ++k) {
        const value alone = f(one(a, k), one(b, k));
        REQUIRE(alone.rank == all.rank);
        CHECK(close(full(one(all, k)), full(alone), 1e-14));
    }
}

} // namespace

TEST_CASE("operations of two arguments mind the batch of either") {
    at::manual_seed(0);
    using sizes = std::vector<std::int64_t>;
    for (const bool first : {false, true})
        for (const bool second : {false, true}) {
            CAPTURE(first, second);
            for (const sizes& s : {sizes{}, sizes{4}, sizes{2, 4}})
                for (const sizes& t : {sizes{}, s}) {
                    CAPTURE(s, t);
                    check_batches(algebra::add, make(s, first), make(t, second));
                    check_batches(algebra::add, make(t, first), make(s, second));
                    check_batches(algebra::divide, make(s, first), make(t, second));
                    check_batches(algebra::maximum, make(s, first), make(t, second));
                    check_batches(algebra::multiply, make(t, first),
                                  make(s.size() == t.size() && !s.empty() ? sizes{} : s, second));
                }
            check_batches(algebra::elementwise, make({2, 4}, first), make({2, 4}, second));
            check_batches(algebra::dot, make({4}, first), make({4}, second));
            check_batches(algebra::dot, make({2, 4}, first), make({2, 4}, second));
            check_batches(algebra::multiply, make({2, 4}, first), make({4}, second));
            check_batches(algebra::multiply, make({2, 4}, first), make({4, 5}, second));
        }
}

TEST_CASE("products are what their names say") {
    at::manual_seed(1);
    const value a = make({2, 4}, false), v = make({4}, false), b = make({4, 3}, false);
    CHECK(close(algebra::multiply(a, v).tensor, at::mv(a.tensor, v.tensor), 1e-15));
    CHECK(close(algebra::multiply(a, b).tensor, at::mm(a.tensor, b.tensor), 1e-15));
    CHECK(close(algebra::dot(v, v).tensor, at::dot(v.tensor, v.tensor), 1e-15));
    CHECK(close(algebra::multiply(value::of(3), v).tensor, 3 * v.tensor, 1e-15));
    CHECK(close(algebra::multiply(v, value::of(-1)).tensor, -v.tensor, 1e-15));
}

TEST_CASE("numbers stay numbers") {
    const value two = value::of(2), three = value::of(3);
    CHECK(algebra::add(two, three).number == 5);
    CHECK(algebra::multiply(two, three).number == 6);
    CHECK(algebra::divide(three, two).number == 1.5);
    CHECK(algebra::maximum(two, three).number == 3);
    CHECK(algebra::negate(two).number == -2);
    CHECK(algebra::pos(value::of(-1)).number == 0);
    CHECK(algebra::softplus(value::of(0)).number == Approx(std::log(2.0)));
    CHECK(algebra::sigmoid(value::of(0)).number == 0.5);
    CHECK(algebra::add(two, three).is_number());
    const Tensor t = vector({1, 2});
    CHECK(close(algebra::divide(two, value::of(t, 1)).tensor, vector({2, 1}), 1e-15));
    CHECK(close(algebra::maximum(value::of(1.5), value::of(t, 1)).tensor, vector({1.5, 2}), 1e-15));
}

TEST_CASE("a diagonal matrix acts as the matrix it stands for") {
    at::manual_seed(2);
    for (const bool batched : {false, true}) {
        const value d = make({4}, batched, true), e = make({4}, false, true);
        const value m = make({4, 3}, false), w = make({3, 4}, true), v = make({4}, true), s = make({}, true);
        const value D = optnet::dense(d), E = optnet::dense(e);
        CHECK(close(full(algebra::multiply(d, v)), full(algebra::multiply(D, v)), 1e-14));
        CHECK(close(full(algebra::multiply(d, m)), full(algebra::multiply(D, m)), 1e-14));
        CHECK(close(full(algebra::multiply(w, d)), full(algebra::multiply(w, D)), 1e-14));
        CHECK(close(full(algebra::multiply(d, e)), full(algebra::multiply(D, E)), 1e-14));
        CHECK(close(full(algebra::add(d, e)), full(algebra::add(D, E)), 1e-14));
        CHECK(close(full(algebra::multiply(s, d)), full(algebra::multiply(s, D)), 1e-14));
        CHECK(close(full(algebra::exp(d)), full(algebra::exp(D)), 1e-14));
        CHECK(close(full(algebra::sum(d)), full(algebra::sum(D)), 1e-14));
        CHECK(close(full(algebra::largest(algebra::negate(d))), full(algebra::largest(algebra::negate(D))), 1e-14));
        CHECK(algebra::add(d, e).diagonal);
        CHECK(algebra::multiply(s, d).diagonal);
        CHECK(algebra::transpose(d).diagonal);
    }
}

TEST_CASE("parts of vectors and matrices") {
    for (const bool batched : {false, true}) {
        const value v = make({5}, batched), m = make({5, 2}, batched);
        CHECK(algebra::index(v, 3).rank == 0);
        CHECK(close(algebra::index(v, 3).tensor, v.tensor.select(-1, 3), 0));
        CHECK(close(algebra::index(m, 3).tensor, m.tensor.select(-2, 3), 0));
        CHECK(close(algebra::slice(v, 1, 4).tensor, v.tensor.narrow(-1, 1, 3), 0));
        CHECK(close(algebra::slice(m, 1, 4).tensor, m.tensor.narrow(-2, 1, 3), 0));
        CHECK(close(algebra::diff(v).tensor, at::diff(v.tensor), 1e-15));
        CHECK(close(algebra::diff(m).tensor, at::diff(m.tensor, 1, -2), 1e-15));
        CHECK(close(algebra::transpose(m).tensor, m.tensor.transpose(-1, -2), 0));
        CHECK(close(optnet::entries(m), m.tensor.flatten(-2), 0));
    }
}

TEST_CASE("over a dimension of a matrix") {
    at::manual_seed(5);
    for (const bool batched : {false, true})
        for (const int d : {0, 1}) {
            const value m = make({5, 2}, batched), diagonal = algebra::negate(make({4}, batched, true));
            const Tensor D = full(diagonal);
            CHECK(close(algebra::sum_over(m, d).tensor, m.tensor.sum(d + batched), 1e-15));
            CHECK(close(algebra::largest_over(m, d).tensor, std::get<0>(m.tensor.max(d + batched)), 0));
            CHECK(algebra::sum_over(m, d).rank == 1);
            CHECK(close(algebra::sum_over(diagonal, d).tensor, D.sum(d + batched), 1e-15));
            CHECK(close(algebra::largest_over(diagonal, d).tensor, std::get<0>(D.max(d + batched)), 0));
        }
}

TEST_CASE("Kronecker products and commutation") {
    at::manual_seed(3);
    namespace structured = optnet::structured;
    const value m = make({2, 3}, false), many = make({2, 3}, true);
    const Tensor eye = at::eye(4, at::kDouble);
    CHECK(close(structured::kron_right(m, 4).tensor, at::kron(m.tensor, eye), 1e-15));
    CHECK(close(structured::kron_left(m, 4).tensor, at::kron(eye, m.tensor), 1e-15));
    for (std::int64_t k = 0; k < batch; ++k) {
        CHECK(close(structured::kron_right(many, 4).tensor[k], at::kron(many.tensor[k], eye), 1e-15));
        CHECK(close(structured::kron_left(many, 4).tensor[k], at::kron(eye, many.tensor[k]), 1e-15));
    }
    const Tensor turn = structured::commutation(2, 3, m.tensor.options()).tensor;
    CHECK(close(at::mv(turn, m.tensor.flatten()), m.tensor.t().flatten(), 0));
}

TEST_CASE("matrices of bands") {
    at::manual_seed(4);
    namespace structured = optnet::structured;
    const auto options = at::TensorOptions(at::kDouble);
    // Differences of four entries.
    const value d = structured::difference_band(3, options);
    const Tensor D = structured::band_to_dense(d, 0, 4).tensor;
    CHECK(close(D, at::tensor({-1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 1.0}, options).reshape({3, 4}),
                0));
    CHECK(close(structured::band_to_dense(structured::band_gram(d, 0, d, 4), -1, 4).tensor, at::mm(D.t(), D), 1e-15));

    // Bands of several widths and offsets, inside their matrices: B [5, 7] with 0..2, C [5, 6] with 0..1.
    for (const bool batched : {false, true}) {
        const value b = make({5, 3}, batched), c = make({5, 2}, false);
        const Tensor B = structured::band_to_dense(b, 0, 7).tensor, C = structured::band_to_dense(c, 0, 6).tensor;
        const Tensor b0 = batched ? B[1] : B;
        CHECK(b0[2][4].item<double>() == (batched ? b.tensor[1] : b.tensor)[2][2].item<double>());
        CHECK(b0[2][5].item<double>() == 0);
        const value gram = structured::band_gram(b, 0, c, 7);
        CHECK(close(structured::band_to_dense(gram, -2, 6).tensor, at::matmul(B.transpose(-1, -2), C), 1e-15));
    }
    // A lower band: -2..-1 of [6, 4].
    const value low = make({6, 2}, false);
    const Tensor L = structured::band_to_dense(low, -2, 4).tensor;
    CHECK(L[3][1].item<double>() == low.tensor[3][0].item<double>());
    CHECK(L[3][2].item<double>() == low.tensor[3][1].item<double>());
    CHECK(close(structured::band_to_dense(structured::band_gram(low, -2, low, 4), -1, 4).tensor, at::mm(L.t(), L),
                1e-15));
}
