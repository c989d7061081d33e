// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/solve_qp.hpp"

#include "torch/checks.hpp"
#include "torch/sparse_csr.hpp"

#include <ATen/ATen.h>

#include <limits>

namespace optnet {
namespace {

using at::Tensor;

std::string number(std::int64_t value) { return std::to_string(value); }

int to_int(const named_tensor& from, std::int64_t size) {
    if (size > std::numeric_limits<int>::max())
        throw Error(from.name + " is " + text(from.tensor->sizes()) + ": a size above 2147483647 is not supported");
    return static_cast<int>(size);
}

/// torch::empty(0) and a matrix of [0, 0] stand for an absent matrix too, where there are variables.
Tensor unless_empty(const Tensor& t, const Tensor& q) {
    if (!t.defined() || q.dim() == 0) return t;
    const bool nothing =
        (t.dim() == 1 && t.size(0) == 0) || (t.dim() > 1 && t.size(-1) == 0 && t.size(-2) == 0 && q.size(-1) > 0);
    return nothing ? Tensor() : t;
}

/// The rows of a matrix of n columns, 0 if it is absent.
int rows_of(const named_tensor& matrix, const char* rows, const named_tensor& q, std::int64_t n) {
    const Tensor& t = *matrix.tensor;
    if (!t.defined()) return 0;
    if ((t.dim() != 2 && t.dim() != 3) || t.size(-1) != n)
        throw Error(matrix.name + " is " + text(t.sizes()) + ", but n = " + number(n) + " from " + q.name + " " +
                    text(q.tensor->sizes()) + ": it must be [" + rows + ", " + number(n) + "] or [batch, " + rows +
                    ", " + number(n) + "]");
    return to_int(matrix, t.size(-2));
}

void check_right_side(const named_tensor& vector, const named_tensor& matrix, std::int64_t rows) {
    const Tensor& t = *vector.tensor;
    if (!t.defined()) {
        if (rows > 0)
            throw Error(matrix.name + " is " + text(matrix.tensor->sizes()) + ", but " + vector.name +
                        " is absent: give both or neither");
        return;
    }
    if (!matrix.tensor->defined() && t.numel() > 0)
        throw Error(vector.name + " is " + text(t.sizes()) + ", but " + matrix.name +
                    " is absent: give both or neither");
    if (t.dim() != 2 ? t.dim() != 1 || t.size(0) != rows : t.size(1) != rows)
        throw Error(vector.name + " is " + text(t.sizes()) + ", but " + matrix.name + " is " +
                    (matrix.tensor->defined() ? text(matrix.tensor->sizes()) : std::string("absent")) +
                    ": it must be [" + number(rows) + "] or [batch, " + number(rows) + "]");
}

blocks plain_blocks(const Tensor& Q, const Tensor& q, const Tensor& A, const Tensor& b, const Tensor& G,
                    const Tensor& h) {
    blocks made;
    if (!q.defined())
        throw Error("argument \"q\" is absent, but it says how many variables there are: pass zeros of [n]");
    Tensor given[] = {unless_empty(Q, q), unless_empty(A, q), unless_empty(G, q)};
    made.q = q;
    made.b = b;
    made.h = h;
    if (q.dim() == 1 && q.size(0) == 0) given[0] = Q; // n = 0: then Q is [0, 0]
    const char* const names[] = {"argument \"Q\"", "argument \"A\"", "argument \"G\""};
    for (std::size_t i = 0; i < 3; ++i) made.data.push_back(numbers_of({names[i], &given[i]}));
    Tensor* const may_be_lifted[] = {&made.q, &made.data[0], &made.data[1], &made.data[2], &made.b, &made.h};
    lift_from_autocast(may_be_lifted);
    const named_tensor name_q{"argument \"q\"", &made.q}, name_b{"argument \"b\"", &made.b},
        name_h{"argument \"h\"", &made.h}, name_Q{names[0], given}, name_A{names[1], &given[1]},
        name_G{names[2], &given[2]};
    const Tensor* const all[] = {&made.q, &made.data[0], &made.data[1], &made.b, &made.data[2], &made.h};
    check_kinds(all, [](std::size_t i) { return "argument \"" + std::string(1, "qQAbGh"[i]) + "\""; });

    if (q.dim() != 1 && q.dim() != 2)
        throw Error("argument \"q\" is " + text(q.sizes()) + ": it must be [n] or [batch, n]");
    const int n = to_int(name_q, q.size(-1));
    const Tensor& quadratic = given[0];
    if (quadratic.defined() && ((quadratic.dim() != 2 && quadratic.dim() != 3) || quadratic.size(-1) != n ||
                                (quadratic.size(-2) != n && quadratic.size(-2) != 0)))
        throw Error("argument \"Q\" is " + text(quadratic.sizes()) + ", but n = " + number(n) +
                    " from argument \"q\" " + text(q.sizes()) + ": it must be [" + number(n) + ", " + number(n) +
                    "] or [batch, " + number(n) + ", " + number(n) + "]");
    const int p = rows_of(name_A, "p", name_q, n), m = rows_of(name_G, "m", name_q, n);
    check_right_side(name_b, name_A, p);
    check_right_side(name_h, name_G, m);

    batch_size size;
    size.add(name_q, 1);
    size.add(name_Q, 2);
    size.add(name_A, 2);
    size.add(name_b, 1);
    size.add(name_G, 2);
    size.add(name_h, 1);
    made.batch = size.value();
    const bool has_q_matrix = quadratic.defined() && quadratic.size(-2) > 0;
    solver::structure shape = solver::dense_structure(n, p, m, has_q_matrix);
    for (solver::block& block : shape.blocks) {
        const auto which = static_cast<std::size_t>(block.source);
        if (given[which].layout() != at::kStrided) take_pattern({names[which], &given[which]}, shape, block);
    }
    made.structure = std::make_shared<const solver::structure>(std::move(shape));
    return made;
}

} // namespace

qp_solution solve_qp(const Tensor& Q, const Tensor& q, const Tensor& A, const Tensor& b, const Tensor& G,
                     const Tensor& h, const settings& how, const qp_solution& start) {
    blocks batch = plain_blocks(Q, q, A, b, G, h);
    batch.start = start;
    return solve_blocks(batch, how, true);
}

Tensor qp(const Tensor& Q, const Tensor& q, const Tensor& A, const Tensor& b, const Tensor& G, const Tensor& h,
          const settings& how) {
    return solve_blocks(plain_blocks(Q, q, A, b, G, h), how, false).z;
}

} // namespace optnet
