// SPDX-License-Identifier: Apache-2.0
// Compiled once: Eigen's factorizations in long double take long, and longer under sanitizers.

#include "solver/reference.hpp"

#include <Eigen/Dense>

namespace reference {

void judge(const problem& x, solution& a) {
    const vector gz = x.G * a.z, az = x.A * a.z, qz = x.Q * a.z, an = x.A.transpose() * a.nu,
                 gl = x.G.transpose() * a.lambda;
    a.s = x.h - gz;
    const real primal = 1 + std::max({largest(az), largest(x.b), largest(gz), largest(x.h)});
    const real dual = 1 + std::max({largest(qz), largest(x.q), largest(an), largest(gl)});
    real worst = largest(az - x.b) / primal;
    for (int i = 0; i < a.s.size(); ++i) {
        worst = std::max({worst, -a.s[i] / primal, -a.lambda[i] / dual});
        worst = std::max(worst, std::min(std::abs(a.s[i]) / primal, std::abs(a.lambda[i]) / dual));
    }
    worst = std::max(worst, largest(qz + x.q + an + gl) / dual);
    a.error = std::isfinite(worst) ? worst : HUGE_VALL;
}

solution on_rows(const problem& x, const std::vector<int>& rows) {
    const auto n = x.Q.rows(), p = x.A.rows(), k = static_cast<Eigen::Index>(rows.size());
    matrix kkt = matrix::Zero(n + p + k, n + p + k);
    vector right(n + p + k);
    kkt.topLeftCorner(n, n) = x.Q;
    right.head(n) = -x.q;
    for (Eigen::Index i = 0; i < p + k; ++i) {
        const vector row = i < p ? x.A.row(i) : x.G.row(rows[static_cast<std::size_t>(i - p)]);
        kkt.row(n + i).head(n) = row;
        kkt.col(n + i).head(n) = row;
        right[n + i] = i < p ? x.b[i] : x.h[rows[static_cast<std::size_t>(i - p)]];
    }
    Eigen::CompleteOrthogonalDecomposition<matrix> factor;
    factor.setThreshold(1e-14L);
    factor.compute(kkt);
    vector found = factor.solve(right);
    for (int step = 0; step < 2; ++step) found += factor.solve(right - kkt * found);
    solution a;
    a.z = found.head(n);
    a.nu = found.segment(n, p);
    a.lambda = vector::Zero(x.G.rows());
    for (Eigen::Index i = 0; i < k; ++i) a.lambda[rows[static_cast<std::size_t>(i)]] = found[n + p + i];
    a.active = rows;
    judge(x, a);
    return a;
}

namespace {

/// Mehrotra's method on [Q + G'WG, A'; A, 0], regularized by 1e-15 and refined.
class interior {
public:
    explicit interior(const problem& data) : x(data) {
        a.z = vector::Zero(x.q.size());
        a.nu = vector::Zero(x.b.size());
        a.lambda = vector::Ones(x.h.size());
        s = vector::Ones(x.h.size());
    }

    solution run() {
        factor(vector::Ones(s.size()));
        // Least squares start, shifted inside.
        vector dz, dnu;
        linear(-x.q + x.G.transpose() * x.h, x.b, dz, dnu);
        a.z = dz;
        a.nu = dnu;
        s = x.h - x.G * a.z;
        a.lambda = -s;
        if (s.size() > 0) {
            if (s.minCoeff() < 1e-6L) s.array() += 1 - s.minCoeff();
            if (a.lambda.minCoeff() < 1e-6L) a.lambda.array() += 1 - a.lambda.minCoeff();
        }
        solution best = a;
        judge(x, best);
        slack = s;
        for (int iteration = 0; iteration < 150 && best.error > 1e-17L; ++iteration) {
            if (!step()) break;
            solution now = a;
            judge(x, now);
            if (now.error < best.error) {
                best = now;
                slack = s;
            }
        }
        return best;
    }

    vector slack; ///< the iterate's own slacks at the best point

private:
    void factor(const vector& w) {
        const auto n = x.q.size(), p = x.b.size();
        kkt = matrix::Zero(n + p, n + p);
        kkt.topLeftCorner(n, n) = x.Q + x.G.transpose() * w.asDiagonal() * x.G;
        kkt.topRightCorner(n, p) = x.A.transpose();
        kkt.bottomLeftCorner(p, n) = x.A;
        const real shift = 1e-15L * (1 + (n > 0 ? kkt.diagonal().head(n).cwiseAbs().maxCoeff() : real(0)));
        matrix regular = kkt;
        regular.diagonal().head(n).array() += std::min(shift, real(1e-12L));
        regular.diagonal().tail(p).array() -= 1e-15L;
        lu.compute(regular);
    }

    void linear(const vector& rz, const vector& rnu, vector& dz, vector& dnu) const {
        vector right(rz.size() + rnu.size());
        right << rz, rnu;
        vector found = lu.solve(right);
        for (int i = 0; i < 3; ++i) found += lu.solve(right - kkt * found);
        dz = found.head(rz.size());
        dnu = found.tail(rnu.size());
    }

    static real length(const vector& v, const vector& d) {
        real most = 1;
        for (int i = 0; i < v.size(); ++i)
            if (d[i] < 0) most = std::min(most, -v[i] / d[i]);
        return most;
    }

    bool step() {
        const vector w = a.lambda.cwiseQuotient(s);
        if (!w.allFinite()) return false;
        factor(w);
        const vector rz = -(x.Q * a.z + x.q + x.A.transpose() * a.nu + x.G.transpose() * a.lambda);
        const vector rnu = x.b - x.A * a.z, rs = x.h - x.G * a.z - s;
        vector dz, dnu, ds, dl;
        const auto newton = [&](const vector& rc) { // S dl + L ds = -rc
            linear(rz - x.G.transpose() * (-rc.cwiseQuotient(s) - w.cwiseProduct(rs)), rnu, dz, dnu);
            ds = rs - x.G * dz;
            dl = -rc.cwiseQuotient(s) - w.cwiseProduct(ds);
        };
        vector rc = s.cwiseProduct(a.lambda);
        newton(rc);
        real alpha = 1;
        if (s.size() > 0) {
            alpha = std::min(length(s, ds), length(a.lambda, dl));
            const real mu = rc.mean(),
                       affine = (s + alpha * ds).dot(a.lambda + alpha * dl) / static_cast<real>(s.size());
            const real sigma = std::pow(std::min(real(1), std::max(real(0), affine / mu)), real(3));
            rc += ds.cwiseProduct(dl);
            rc.array() -= sigma * mu;
            newton(rc);
            alpha = std::min(real(1), 0.99L * std::min(length(s, ds), length(a.lambda, dl)));
        }
        if (!dz.allFinite() || !dnu.allFinite() || !ds.allFinite() || !dl.allFinite()) return false;
        a.z += alpha * dz;
        a.nu += alpha * dnu;
        s += alpha * ds;
        a.lambda += alpha * dl;
        return true;
    }

    const problem& x;
    solution a;
    vector s;
    matrix kkt;
    Eigen::PartialPivLU<matrix> lu;
};

} // namespace

/// Rows are scaled to size 1 before and the multipliers scaled back.
solution solve(const problem& given) {
    problem x = given;
    vector a_scale = vector::Ones(x.b.size()), g_scale = vector::Ones(x.h.size());
    const auto scale = [](matrix& rows, vector& right, vector& by) {
        for (int i = 0; i < right.size(); ++i) {
            const real most = rows.cols() == 0 ? real(0) : rows.row(i).cwiseAbs().maxCoeff();
            if (most > 0) by[i] = 1 / most;
            rows.row(i) *= by[i];
            right[i] *= by[i];
        }
    };
    scale(x.A, x.b, a_scale);
    scale(x.G, x.h, g_scale);
    interior method(x);
    solution best = method.run();
    // Where a row is clearly at its bound, it is taken as an equality; three ideas of "clearly".
    for (const real least : {1.0L, 1e-4L, 1e4L}) {
        std::vector<int> rows;
        for (int i = 0; i < best.lambda.size(); ++i)
            if (method.slack.size() > 0 && best.lambda[i] > least * method.slack[i]) rows.push_back(i);
        const solution polished = on_rows(x, rows);
        if (polished.error < best.error || (polished.error < 1e-16L && best.active.empty())) best = polished;
        if (best.error < 1e-16L) break;
    }
    best.nu = best.nu.cwiseProduct(a_scale);
    best.lambda = best.lambda.cwiseProduct(g_scale).cwiseMax(real(0));
    judge(given, best);
    return best;
}

} // namespace reference
