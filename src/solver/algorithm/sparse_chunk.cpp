// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_chunk.hpp"

#include "solver/algorithm/starting_point.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A point of this share of its tolerances is not refined further: another step costs less than a round, and where Q
/// has small eigenvalues the point is by so much farther from the solution than its residuals say.
constexpr double sharp = 1e-6;
/// Rounds in which many rows change sides are left for the interior point where two of them do not make this much
/// fewer.
constexpr double fewer = 0.75;
/// Where Q is weak, signs may be those of rounding, and what a point's residuals leave open is large: it has to be
/// exact to this share of its tolerances.
constexpr double exact = 1e-5;
/// Iterations of the interior point before the rows are tried again, each time.
constexpr int nearer[] = {5, 3, 2, 2, 2, 2};
/// What the first rounds, those and the rounds after them come to.
constexpr int most_iterations = first_rounds + 16 + 6 * near_rounds;

} // namespace

void sparse_chunk::begin(const sparse_matrices& matrices, int count) {
    form = &matrices;
    each.reset();
    shape.reset();
    system = matrices.system();
    lanes = count;
    resize();
}

void sparse_chunk::begin(std::shared_ptr<const sparse_pattern> pattern) {
    form = nullptr;
    shape = std::move(pattern);
    system = without_numbers(*shape);
    lanes = lanes_together;
    loaded.resize(at(lanes));
    resize();
}

void sparse_chunk::resize() {
    for (lane_points* v : {&right, &x, &r}) v->resize(system, lanes);
    of.resize(system, lanes);
    floor.resize(at(system.m * lanes));
    gz.resize(floor.size());
    work.resize(at(system.size * lanes + (lanes > 1 ? 0 : cpu::tail_numbers(system))));
    packed.resize(at(system.size * lanes));
    // What an earlier structure left in its tail is no 0.
    std::fill_n(work.begin(), packed.size(), 0.0);
    first.w.clear();
    compliance.clear();
}

/// The matrices of each lane.
template <class T>
void sparse_chunk::load(const problem<T>& batch, std::int64_t number, int count, const settings& how) {
    if (!each || each.use_count() > 1) each = std::make_shared<lane_matrices>();
    each->resize(shape);
    for (int l = 0; l < count; ++l) {
        loaded[at(l)].load(batch, number + l);
        if (loaded[at(l)].finite) each->put(loaded[at(l)], l);
    }
    each->set_up(how.convexity_tolerance, convex, first, work);
    system = each->system();
    first.w.clear();
    compliance.clear();
}

template <class T>
void sparse_chunk::run(const problem<T>& batch, std::int64_t number, int count, const settings& how,
                       const tolerances& eps, const starting_points<T>& from, bool keep) {
    if (!kept || kept.use_count() > 1) kept = std::make_shared<lane_factor>();
    if (form == nullptr) load(batch, number, count, how);
    for (int l = 0; l < lanes; ++l) {
        lane& mine = own[l];
        mine.tried = l < count && (form != nullptr || (data(l).finite && convex[l]));
        mine.best = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
        if (mine.tried) {
            mine.data.load(batch, number + l, data(l), how, eps.absolute > 0 ? eps.absolute : eps.relative);
            mine.tried = mine.data.finite && mine.data.impossible_row < 0;
            mine.start.load(from, number + l, mine.data);
        }
        mine.flat = mine.tried && least_of_q(data(l)) < weak;
        fill(l);
    }
    start();
    find_active_sets(how);
    finish(eps);
    if (keep) find_doubt(how);
}

template void sparse_chunk::run(const problem<double>&, std::int64_t, int, const settings&, const tolerances&,
                                const starting_points<double>&, bool);
template void sparse_chunk::run(const problem<float>&, std::int64_t, int, const settings&, const tolerances&,
                                const starting_points<float>&, bool);

/// The right-hand sides of lane l; zeros where there is no problem to be solved.
void sparse_chunk::fill(int l) {
    const lane& mine = own[l];
    if (mine.tried) {
        put_lane(mine.data.q, -1, right.z, l, lanes);
        put_lane(mine.data.b, 1, right.nu, l, lanes);
        put_lane(mine.data.h, 1, right.lambda, l, lanes);
        put_lane(mine.data.floor, 1, floor, l, lanes);
        return;
    }
    for (lane_array* v : {&right.z, &right.nu, &right.lambda, &floor})
        for (std::size_t i = at(l); i < v->size(); i += at(lanes)) (*v)[i] = 0;
}

/// The active rows of each problem's start, or a guess where none was given.
void sparse_chunk::start() {
    kept->w.resize(floor.size());
    if (std::any_of(own, own + lanes, [](const lane& mine) { return mine.tried && !mine.start.usable; })) {
        solve_least_squares();
        cpu::sparse(lanes > 1).guess(system, right.lambda.data(), floor.data(), gz.data(), first_room, kept->w.data());
    }
    for (int l = 0; l < lanes; ++l) {
        if (own[l].tried && !own[l].start.usable) continue;
        for (std::size_t i = at(l); i < kept->w.size(); i += at(lanes)) kept->w[i] = 0;
        if (!own[l].tried) continue;
        for (const int i : own[l].start.rows)
            kept->w[at(i * lanes + l)] = pattern().in_r(i) ? system.full[l] : system.full_root[l];
    }
}

/// x becomes the least squares point of the relaxed conditions: every row an equality of this weight, 1 if null.
void sparse_chunk::solve_least_squares(const double* weight) {
    const bool whole = std::all_of(floor.begin(), floor.end(), [](double v) { return v < HUGE_VAL; });
    lane_factor other;
    lane_factor& f = whole && weight == nullptr ? first : other;
    if (!whole || f.w.empty()) {
        f.w.resize(floor.size());
        for (std::size_t i = 0; i < floor.size(); ++i)
            f.w[i] = !(floor[i] < HUGE_VAL) ? 0.0 : weight == nullptr ? 1.0 : weight[i % at(lanes)];
        if (weight != nullptr)
            for (const int i : pattern().long_rows)
                for (std::size_t e = at(i) * at(lanes); e < at(i + 1) * at(lanes); ++e) f.w[e] = std::sqrt(f.w[e]);
        f.factor(system, lanes, work);
    }
    cpu::sparse(lanes > 1).solve(system, f.w.data(), f.l.data(), f.inverse.data(), right.view(), x.view(), gz.data(),
                                 packed.data());
}

void sparse_chunk::find_active_sets(const settings& how) {
    for (lane& mine : own) {
        mine.settled = mine.sharpened = false;
        mine.rounds = 0;
    }
    came_near = false;
    const bool short_of_time = how.max_iter.value_or(most_iterations) < most_iterations;
    settle(std::min(first_rounds, how.max_iter.value_or(first_rounds)), !short_of_time);
    if (!short_of_time) come_near();
}

/// Rows change sides until they are those of the solution, or too slowly where the interior point can go on. `is_near`:
/// from where it is.
void sparse_chunk::settle(int limit, bool goes_on, bool is_near) {
    const auto& kernels = cpu::sparse(lanes > 1);
    double go[lanes_together], wrong[lanes_together];
    bool any = false;
    for (lane& mine : own) {
        mine.going = mine.tried && !mine.settled;
        mine.precise = false;
        mine.idle = 0;
        mine.fewest = mine.last[0] = mine.last[1] = HUGE_VAL;
        any = any || mine.going;
    }
    for (int round = 0; any && round < limit; ++round) {
        kept->factor(system, lanes, work);
        kernels.solve(system, kept->w.data(), kept->l.data(), kept->inverse.data(), right.view(), x.view(), gz.data(),
                      packed.data());
        if (std::any_of(own, own + lanes, [](const lane& mine) { return mine.going && mine.precise; })) sharpen();
        for (int l = 0; l < lanes; ++l) go[l] = own[l].going ? 1 : 0;
        kernels.turn(system, go, right.lambda.data(), floor.data(), x.view(), gz.data(), estimated_zero, kept->w.data(),
                     wrong);
        any = false;
        for (int l = 0; l < lanes; ++l) {
            lane& mine = own[l];
            if (!mine.going) continue;
            ++mine.rounds;
            mine.settled = wrong[l] == 0;
            mine.idle = wrong[l] < mine.fewest ? 0 : mine.idle + 1;
            const bool many = wrong[l] > far_off(system.m);
            const bool slow = is_near ? many || (wrong[l] > few_wrong && wrong[l] > mine.last[0])
                                      : many && std::min(wrong[l], mine.last[0]) > fewer * mine.last[1];
            mine.fewest = std::min(mine.fewest, wrong[l]);
            mine.last[1] = mine.last[0];
            mine.last[0] = wrong[l];
            mine.going = !mine.settled && mine.idle < active_idle && !(slow && goes_on);
            any = any || mine.going;
            mine.sharpened = mine.settled && mine.precise;
            if (mine.sharpened) take_point(mine, l);
            if (mine.idle < 2 || wrong[l] > few_wrong || mine.precise) continue;
            mine.precise = true;
            mine.idle = 0;
        }
    }
}

/// A step of refinement for the lanes whose signs may be those of the shifts or of rounding: where multipliers are
/// tiny.
void sparse_chunk::sharpen() {
    const auto& kernels = cpu::sparse(lanes > 1);
    double go[lanes_together], size[lanes_together];
    for (int l = 0; l < lanes; ++l) go[l] = own[l].going && own[l].precise ? 1 : 0;
    kernels.products(system, x.view(), of.view());
    kernels.residual(system, kept->w.data(), right.view(), of.view(), r.view(), size);
    kernels.solve(system, kept->w.data(), kept->l.data(), kept->inverse.data(), r.view(), r.view(), of.gz.data(),
                  packed.data());
    kernels.advance(system, go, r.view(), -HUGE_VAL, x.view());
    for (std::size_t i = 0; i < gz.size(); i += at(lanes))
        for (std::size_t l = 0; l < at(lanes); ++l) gz[i + l] = go[l] != 0 ? gz[i + l] + of.gz[i + l] : gz[i + l];
}

/// The interior point leads those that are not settled nearer to their solution, where the rows are tried again.
void sparse_chunk::come_near() {
    double go[lanes_together], unit[lanes_together];
    for (const int iterations : nearer) {
        for (int l = 0; l < lanes; ++l) go[l] = own[l].tried && !own[l].settled ? 1 : 0;
        if (std::all_of(go, go + lanes, [](double v) { return v == 0; })) return;
        if (!came_near) {
            for (int l = 0; l < lanes; ++l) unit[l] = own[l].tried ? cost_unit(own[l].data) : 1.0;
            inner.resize(system, pattern(), lanes, floor);
            solve_least_squares(unit);
            inner.start(system, right, floor, x, gz, unit);
            came_near = true;
        }
        inner.iterate(system, right, floor, go, iterations, work);
        inner.guess(system, right, floor, go, kept->w, work);
        for (int l = 0; l < lanes; ++l) own[l].rounds += go[l] != 0 ? iterations : 0;
        settle(near_rounds, true, true);
    }
}

void sparse_chunk::take_point(lane& to, int l) const {
    take_lane(x.z, to.z, l, lanes);
    take_lane(x.nu, to.nu, l, lanes);
    take_lane(x.lambda, to.lambda, l, lanes);
}

/// Refines the points on the last factor; each step is also one of the refinement of `sparse_kkt`.
void sparse_chunk::finish(const tolerances& eps) {
    const auto& kernels = cpu::sparse(lanes > 1);
    const cpu::lane_system& s = system;
    const lane_units unit = measures();
    double go[lanes_together], size[lanes_together];
    cpu::lane_verdict sums[lanes_together];
    for (int l = 0; l < lanes; ++l) go[l] = own[l].settled ? 1 : 0;
    const auto any = [&] { return std::any_of(go, go + lanes, [](double v) { return v != 0; }); };
    if (!any()) return;
    // The rounds of other lanes have solved once more on the same rows, without the refinement.
    for (int l = 0; l < lanes; ++l) {
        if (!own[l].sharpened) continue;
        put_lane(own[l].z, 1, x.z, l, lanes);
        put_lane(own[l].nu, 1, x.nu, l, lanes);
        put_lane(own[l].lambda, 1, x.lambda, l, lanes);
    }
    kernels.products(s, x.view(), of.view());
    for (int step = 0; step < finish_steps && any(); ++step) {
        kernels.residual(s, kept->w.data(), right.view(), of.view(), r.view(), size);
        kernels.solve(s, kept->w.data(), kept->l.data(), kept->inverse.data(), r.view(), r.view(), gz.data(),
                      packed.data());
        kernels.advance(s, go, r.view(), 0.0, x.view());
        kernels.products(s, x.view(), of.view());
        kernels.judge(s, right.view(), floor.data(), x.view(), of.view(), unit.a, unit.g, unit.z, sums);
        for (int l = 0; l < lanes; ++l) {
            if (go[l] == 0) continue;
            lane& mine = own[l];
            const verdict v = judged(sums[l], eps);
            const double before = mine.best.share;
            if (v.share < before) {
                mine.best = v;
                take_point(mine, l);
                take_lane(of.gz, mine.gz, l, lanes);
            }
            // The doubt is that of the last point; where that is the best one or also good the two are the same to
            // rounding.
            const bool as_good = v.share < before || v.share <= close_enough;
            mine.doubtful = !as_good;
            if (mine.best.share <= sharp || !(v.share < 0.5 * before)) go[l] = 0;
        }
    }
    // As on the road: the signs were those of an estimate.
    for (lane& mine : own)
        if (!(mine.best.share <= (mine.flat ? exact : close_enough))) mine.best.share = HUGE_VAL;
}

const interior_iterate* sparse_chunk::reached(int l) {
    if (!came_near || own[l].settled) return nullptr;
    inner.take(at_reached, l);
    return &at_reached;
}

evaluated sparse_chunk::point(int l) const {
    evaluated of_lane{};
    of_lane.z = own[l].z.data();
    of_lane.nu = own[l].nu.data();
    of_lane.lambda = own[l].lambda.data();
    of_lane.gz = own[l].gz.data();
    return of_lane;
}

std::vector<int> sparse_chunk::basis(int l) const {
    std::vector<int> rows;
    for (std::size_t i = 0; i < own[l].lambda.size(); ++i)
        if (kept->w[i * at(lanes) + at(l)] > 0) rows.push_back(static_cast<int>(i));
    return rows;
}

} // namespace optnet::solver
