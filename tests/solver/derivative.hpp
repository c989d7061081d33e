// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gradients of one problem from the solver's kkt_solve, and the same number from differences of the oracle.

#include "reference.hpp"

namespace derivative {

using reference::matrix;
using reference::real;
using reference::vector;

/// What the loss is multiplied with: L = z'g.z + nu'g.nu + lambda'g.lambda.
struct cotangent {
    vector z, nu, lambda;
};

inline real dot(const cotangent& a, const cotangent& b) {
    return a.z.dot(b.z) + a.nu.dot(b.nu) + a.lambda.dot(b.lambda);
}
inline real absolute_dot(const cotangent& a, const cotangent& b) {
    return a.z.cwiseAbs().dot(b.z.cwiseAbs()) + a.nu.cwiseAbs().dot(b.nu.cwiseAbs()) +
           a.lambda.cwiseAbs().dot(b.lambda.cwiseAbs());
}

inline cotangent zero_cotangent(const problems::dense<double>& d) {
    return {vector::Zero(d.n), vector::Zero(d.p), vector::Zero(d.m)};
}

inline cotangent random_cotangent(const problems::dense<double>& d, problems::numbers& draw) {
    cotangent g = zero_cotangent(d);
    for (vector* part : {&g.z, &g.nu, &g.lambda})
        for (real& v : *part) v = real(draw.normal());
    return g;
}

/// The solution of the solver's system for a right-hand side, problem 0 of the batch.
inline cotangent kkt(const problems::dense<double>& d, const problems::answer<double>& a, const cotangent& r,
                     std::int64_t k = 0) {
    const problems::view<double> v(d);
    const auto all = [&](int n) { return static_cast<std::size_t>(d.batch * n); };
    std::vector<double> rz(all(d.n)), rnu(all(d.p)), rl(all(d.m)), z(all(d.n)), nu(all(d.p)), l(all(d.m));
    const auto put = [&](std::vector<double>& to, const vector& from) {
        for (Eigen::Index i = 0; i < from.size(); ++i)
            to[static_cast<std::size_t>(k * from.size() + i)] = static_cast<double>(from[i]);
    };
    put(rz, r.z);
    put(rnu, r.nu);
    put(rl, r.lambda);
    optnet::solver::kkt_solve(v.batch, *a.kept, 1, {rz.data(), rnu.data(), rl.data()}, {z.data(), nu.data(), l.data()});
    cotangent found = zero_cotangent(d);
    const auto take = [&](vector& to, const std::vector<double>& from) {
        for (Eigen::Index i = 0; i < to.size(); ++i) to[i] = from[static_cast<std::size_t>(k * to.size() + i)];
    };
    take(found.z, z);
    take(found.nu, nu);
    take(found.lambda, l);
    return found;
}

struct gradients {
    matrix Q, A, G;
    vector q, b, h;
};
using direction = gradients;

/// dQ = (dz z' + z dz')/2, dq = dz, dA = dnu z' + nu dz', db = -dnu, dG and dh likewise with lambda, where K d = -g.
inline gradients backward(const problems::dense<double>& d, const problems::answer<double>& a, const cotangent& g) {
    const cotangent x = kkt(d, a, {-g.z, -g.nu, -g.lambda});
    vector z(d.n), nu(d.p), lambda(d.m);
    for (int j = 0; j < d.n; ++j) z[j] = a.z[static_cast<std::size_t>(j)];
    for (int i = 0; i < d.p; ++i) nu[i] = a.nu[static_cast<std::size_t>(i)];
    for (int i = 0; i < d.m; ++i) lambda[i] = a.lambda[static_cast<std::size_t>(i)];
    gradients out;
    out.Q = (x.z * z.transpose() + z * x.z.transpose()) / 2;
    out.q = x.z;
    out.A = x.nu * z.transpose() + nu * x.z.transpose();
    out.b = -x.nu;
    out.G = x.lambda * z.transpose() + lambda * x.z.transpose();
    out.h = -x.lambda;
    return out;
}

enum class block { Q, q, A, b, G, h };
constexpr block all_blocks[] = {block::Q, block::q, block::A, block::b, block::G, block::h};

/// A random direction in one block, of the size of the data, row by row.
inline direction random_direction(const reference::problem& x, block which, problems::numbers& draw) {
    direction d{matrix::Zero(x.Q.rows(), x.Q.cols()),
                matrix::Zero(x.A.rows(), x.A.cols()),
                matrix::Zero(x.G.rows(), x.G.cols()),
                vector::Zero(x.q.size()),
                vector::Zero(x.b.size()),
                vector::Zero(x.h.size())};
    const auto row_size = [](const matrix& m, Eigen::Index i) {
        const real most = m.row(i).cwiseAbs().maxCoeff();
        return most > 0 ? most : real(1);
    };
    const auto rows = [&](matrix& to, const matrix& like) {
        for (Eigen::Index i = 0; i < to.rows(); ++i)
            for (Eigen::Index j = 0; j < to.cols(); ++j) to(i, j) = row_size(like, i) * real(draw.normal());
    };
    switch (which) {
    case block::Q: {
        // Along Q's own scale, and not so far that a small eigenvalue turns negative.
        const real q_size = x.Q.size() == 0 ? real(1) : x.Q.cwiseAbs().maxCoeff();
        for (Eigen::Index i = 0; i < d.Q.rows(); ++i)
            for (Eigen::Index j = 0; j <= i; ++j) d.Q(i, j) = d.Q(j, i) = 1e-3L * q_size * real(draw.normal());
        break;
    }
    case block::q:
        for (real& v : d.q) v = std::max(real(1), reference::largest(x.q)) * real(draw.normal());
        break;
    case block::A: rows(d.A, x.A); break;
    case block::b:
        for (Eigen::Index i = 0; i < d.b.size(); ++i) d.b[i] = row_size(x.A, i) * real(draw.normal());
        break;
    case block::G: rows(d.G, x.G); break;
    case block::h:
        for (Eigen::Index i = 0; i < d.h.size(); ++i) d.h[i] = row_size(x.G, i) * real(draw.normal());
        break;
    }
    return d;
}

struct pairing {
    real value = 0, terms = 0; ///< sum of products, and of their sizes
};

inline pairing pair(const gradients& g, const direction& d) {
    pairing p;
    const auto add = [&](const auto& a, const auto& b) {
        for (Eigen::Index i = 0; i < a.rows(); ++i)
            for (Eigen::Index j = 0; j < a.cols(); ++j) {
                p.value += a(i, j) * b(i, j);
                p.terms += std::abs(a(i, j) * b(i, j));
            }
    };
    add(g.Q, d.Q);
    add(g.q, d.q);
    add(g.A, d.A);
    add(g.b, d.b);
    add(g.G, d.G);
    add(g.h, d.h);
    return p;
}

/// The derivative of L along a direction by central differences with one Richardson step; the active rows are held, and
/// the points so found are checked to be solutions. False if one is not.
inline bool difference(const reference::problem& x, const reference::solution& at, const cotangent& g,
                       const direction& along, real& result) {
    bool valid = true;
    const auto loss = [&](real h) {
        const reference::problem moved{x.Q + h * along.Q, x.A + h * along.A, x.G + h * along.G,
                                       x.q + h * along.q, x.b + h * along.b, x.h + h * along.h};
        const reference::solution there = reference::on_rows(moved, at.active);
        valid = valid && there.error < 1e-14L;
        return dot(g, {there.z, there.nu, there.lambda});
    };
    const auto central = [&](real h) { return (loss(h) - loss(-h)) / (2 * h); };
    const real h = 1e-6L;
    result = (4 * central(h / 2) - central(h)) / 3;
    return valid;
}

} // namespace derivative
