// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/certificate.hpp"
#include "solver/algorithm/defaults.hpp"

#include "solver/algorithm/active_kkt.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Above this many rows or variables the exact searches, which need R and dense matrices, are left out.
constexpr int most_rows = 3000;

/// |v|∞ with each entry divided by its scale (null: none); NaN if an entry is.
template <class real> real norm(const std::vector<real>& v, const std::vector<double>* scale = nullptr) {
    real most = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
        const real size = std::abs(v[i]) / (scale == nullptr ? real(1) : real((*scale)[i]));
        if (!(size <= most)) most = size;
        if (std::isnan(most)) break;
    }
    return most;
}

/// y += M x, or M'x. Sums in long double judge what cancels; double would judge its own rounding.
template <class real>
void add_product(const operators& o, matrix where, bool transposed, const std::vector<double>& x,
                 std::vector<real>& y) {
    o.each(where,
           [&](int i, int j, double v) { y[at(transposed ? j : i)] += real(v) * real(x[at(transposed ? i : j)]); });
}

/// With −(b'ν + h'λ) = 1.
template <class real> bool farkas_holds(const element& e, const point& x, double eps) {
    const operators& o = *e.data;
    std::vector<real> sum(at(o.n));
    add_product(o, matrix::A, true, x.nu, sum);
    add_product(o, matrix::G, true, x.lambda, sum);
    // Against the multipliers too (rows have size 1 here): where b and h are large, the iterates of a feasible problem
    // pass the first test.
    const real size = std::max(norm(x.nu), norm(x.lambda));
    return norm(sum, &o.z_scale) <= real(eps) && norm(sum) <= real(eps) * size;
}

/// With q'z = −1.
template <class real> bool ray_holds(const element& e, const point& x, double eps) {
    const operators& o = *e.data;
    std::vector<real> qz(at(o.n)), az(at(o.p)), gz(at(o.m));
    add_product(o, matrix::Q, false, x.z, qz);
    add_product(o, matrix::A, false, x.z, az);
    add_product(o, matrix::G, false, x.z, gz);
    for (int i = 0; i < o.m; ++i)
        if (e.absent(i) || gz[at(i)] < 0) gz[at(i)] = 0;
    // Against the ray's own size too: where q is large, the iterates of a bounded problem pass the first test.
    const real size = real(eps) * norm(x.z), most = real(eps);
    return norm(qz, &o.z_scale) <= most && norm(az, &o.a_scale) <= most && norm(gz, &o.g_scale) <= most &&
           norm(qz) <= real(o.q_max) * size && norm(az) <= size && norm(gz) <= size;
}

} // namespace

bool check_farkas(const element& e, point& x, double eps) {
    const operators& o = *e.data;
    double value = 0;
    for (int i = 0; i < o.p; ++i) value -= e.b[at(i)] * x.nu[at(i)];
    for (int i = 0; i < o.m; ++i) {
        double& multiplier = x.lambda[at(i)];
        multiplier = e.absent(i) ? 0.0 : std::max(0.0, multiplier);
        value -= e.h[at(i)] * multiplier;
    }
    if (!(value > 0) || !(value < 1e300)) return false;
    for (double& v : x.nu) v /= value;
    for (double& v : x.lambda) v /= value;
    return farkas_holds<double>(e, x, 2 * eps) && farkas_holds<long double>(e, x, eps);
}

void refine_farkas(const element& e, const dual_form& form, const dual_active_set& method, point& x) {
    const operators& o = *e.data;
    active_kkt rest;
    rest.adopt(form, o, {method.basis.begin(), method.basis.end() - 1}, method.factor(), method.stride());
    point r;
    r.resize(o);
    o.multiply_transposed_add(matrix::A, x.nu.data(), r.z.data());
    o.multiply_transposed_add(matrix::G, x.lambda.data(), r.z.data());
    for (double& v : r.z) v = -v;
    rest.correct(r);
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += r.nu[i];
    for (std::size_t i = 0; i < x.lambda.size(); ++i) x.lambda[i] = std::max(0.0, x.lambda[i] + r.lambda[i]);
}

bool check_ray(const element& e, point& x, double eps) {
    const operators& o = *e.data;
    double value = 0;
    for (int j = 0; j < o.n; ++j) value -= e.q[at(j)] * x.z[at(j)];
    if (!(value > 0) || !(value < 1e300)) return false;
    for (double& v : x.z) v /= value;
    return ray_holds<double>(e, x, 2 * eps) && ray_holds<long double>(e, x, eps);
}

bool find_farkas(const element& e, point& x, double eps) {
    if (std::max(e.data->m, e.data->n) > most_rows) return false;
    const operators o = e.data->with_identity_q();
    dual_form form;
    if (!form.set_up(o, 1.0, kept_rows::all)) return false;
    x.resize(o);
    x.nu = e.b;
    form.equality_solve(x.z.data(), x.nu.data());
    if (form.regularized()) {
        // Inconsistent equalities: ν grows without end under refinement, along a left null vector of A.
        point r;
        element zero_q = e;
        zero_q.data = &o;
        zero_q.q.assign(at(o.n), 0.0);
        for (int step = 0; step < 3; ++step) {
            zero_q.residual(x, r);
            form.equality_solve(r.z.data(), r.nu.data());
            for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += r.z[j];
            for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += r.nu[i];
        }
        point direction = r;
        direction.lambda.assign(at(o.m), 0.0);
        if (check_farkas(e, direction, eps)) {
            x = direction;
            return true;
        }
    }
    std::vector<double> d = e.h;
    for (int i = 0; i < o.m; ++i) d[at(i)] -= o.g_row_dot(i, x.z.data());
    dual_active_set method;
    if (method.solve(form, d, e.floor, step_limit(o.n, o.m), false) != dual_outcome::infeasible) return false;
    x.resize(o);
    x.lambda = method.lambda;
    for (const int i : method.basis) o.g_row_add(i, -x.lambda[at(i)], x.z.data());
    form.equality_solve(x.z.data(), x.nu.data());
    refine_farkas(e, form, method, x);
    return check_farkas(e, x, eps);
}

bool find_ray(const element& e, point& x, double eps) {
    const operators& o = *e.data;
    if (std::max(o.m, o.n) > most_rows || o.n == 0) return false;
    using matrix_type = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    matrix_type stacked = matrix_type::Zero(o.n + o.p, o.n);
    o.add_dense(matrix::Q, stacked.data(), o.n);
    if (o.q_max > 0) stacked.topRows(o.n) /= o.q_max;
    o.add_dense(matrix::A, stacked.data() + std::int64_t{o.n} * o.n, o.n);
    // The null space of [Q; A]: the last columns of the orthogonal factor of its transpose.
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(stacked.transpose());
    qr.setThreshold(1e-10);
    const auto rank = qr.rank();
    const auto free = o.n - rank;
    if (free == 0) return false;
    const Eigen::MatrixXd basis = Eigen::MatrixXd(qr.householderQ()).rightCols(free);
    matrix_type g = matrix_type::Zero(o.m, o.n);
    o.add_dense(matrix::G, g.data(), o.n);
    const matrix_type rows = g * basis;
    const Eigen::VectorXd q = basis.transpose() * Eigen::Map<const Eigen::VectorXd>(e.q.data(), o.n);

    structure shape = dense_structure(static_cast<int>(free), 0, o.m, false);
    block identity;
    identity.kind = block_kind::identity;
    identity.rows = identity.cols = shape.n;
    shape.blocks.push_back(identity);
    const matrix_view<double> views[3] = {{}, {}, {rows.data(), 0, free, 1}};
    problem<double> cone{&shape, 1, views, {q.data(), 0, 1}, {}, {}};
    const operators packed(cone, 0);
    element inner;
    inner.load(cone, 0, packed, settings{}, eps);
    for (int i = 0; i < o.m; ++i)
        if (e.absent(i)) inner.floor[at(i)] = HUGE_VAL;
    dual_form form;
    if (!packed.finite || !form.set_up(packed, 1.0, kept_rows::all)) return false;
    std::vector<double> y(at(free)), none, d(at(o.m));
    for (std::int64_t j = 0; j < free; ++j) y[at(j)] = -q[j];
    for (int i = 0; i < o.m; ++i) d[at(i)] = -packed.g_row_dot(i, y.data());
    dual_active_set method;
    if (method.solve(form, d, inner.floor, step_limit(shape.n, o.m), false) != dual_outcome::optimal) return false;
    for (int i = 0; i < o.m; ++i) packed.g_row_add(i, -method.lambda[at(i)], y.data());
    x.resize(o);
    Eigen::Map<Eigen::VectorXd>(x.z.data(), o.n) = basis * Eigen::Map<const Eigen::VectorXd>(y.data(), free);
    return check_ray(e, x, eps);
}

} // namespace optnet::solver
