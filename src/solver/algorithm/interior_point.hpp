// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interior point of one problem on the CPU: interior_loop.hpp on vectors of the heap and a form of the linear
// algebra (primal_form, interior_dual, sparse_form).

#include "solver/algorithm/certificate.hpp"
#include "solver/algorithm/interior_loop.hpp"

#include <algorithm>

namespace optnet::solver {

struct interior_result {
    interior_outcome outcome = interior_outcome::limit;
    int iterations = 0;
    point x;               ///< the best point by `verdict::share`
    std::vector<double> s; ///< its slacks, [m]
    verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    point direction; ///< the certificate of `infeasible` and `unbounded`
};

namespace interior {

struct never {
    bool operator()(const verdict&, const point&, const interior_rows&) const { return false; }
};

/// What the start needs of the problem of interior_loop.hpp.
template <class Form> struct started_form {
    Form& form;
    const element& e;
    interior_rows& rows;

    row_vectors vectors() const { return rows.all(e.floor); }
    void begin() const { form.begin(e); }
    bool factor() const { return form.factor(rows.w); }
    void start() const { form.start(rows.s); }
};

struct least_squares {
    template <class Team, class Form>
    bool operator()(Team& team, Form& form, const element& e, interior_rows& rows) const {
        rows.resize(e.h.size());
        started_form<Form> of{form, e, rows};
        return starting_point(team, of);
    }
};

template <class Form, class Stop> struct running_form : started_form<Form> {
    const tolerances& eps;
    const Stop& stop;
    interior_result& result;
    point now, before;

    void residual() { this->form.residual(this->rows.lambda, this->rows.s, this->rows.rs); }
    verdict judge() {
        before = now;
        this->form.write(now);
        now.lambda = this->rows.lambda;
        if constexpr (requires(Form & of) { of.judge(now, eps); })
            return this->form.judge(now, eps); // has the products that this takes
        else
            return this->e.verify(now, eps);
    }
    void keep() {
        result.x = now;
        result.s = this->rows.s;
    }
    bool enough(const verdict& judged) const { return stop(judged, now, this->rows); }
    void solve() { this->form.solve(this->rows); }
    void advance(double step) { this->form.advance(step); }

    /// Where there is no solution the iterates grow along a certificate, and their differences are one sooner.
    interior_outcome certified(double tolerance) {
        const auto difference = [](const std::vector<double>& a, const std::vector<double>& b) {
            std::vector<double> c(a.size());
            for (std::size_t i = 0; i < a.size(); ++i) c[i] = a[i] - b[i];
            return c;
        };
        for (int which = 0; which < 2; ++which) {
            point candidate = now;
            if (which == 1)
                candidate = {difference(now.z, before.z), difference(now.nu, before.nu),
                             difference(now.lambda, before.lambda)};
            result.direction = candidate;
            if (check_farkas(this->e, result.direction, tolerance)) return interior_outcome::infeasible;
            result.direction = candidate;
            if (check_ray(this->e, result.direction, tolerance)) return interior_outcome::unbounded;
        }
        return interior_outcome::limit;
    }
};

} // namespace interior

/// At most `limit` iterations, or until the verdict's share of `eps` is at most `goal`, or until `stop` says so of an
/// iterate, which gets the step that led there; `start` sets the first one. Every outcome leaves the best point that
/// was seen.
template <class Team, class Form, class Stop = interior::never, class Start = interior::least_squares>
interior_result interior_point(Team& team, Form& form, const element& e, const tolerances& eps, int limit, double goal,
                               const Stop& stop = {}, const Start& start = {}) {
    interior_result result;
    result.x.resize(*e.data);
    result.s.assign(e.h.size(), 0.0);
    interior_rows rows;
    if (!start(team, form, e, rows)) {
        result.outcome = interior_outcome::breakdown;
        return result;
    }
    interior::running_form<Form, Stop> of{{form, e, rows}, eps, stop, result, result.x, {}};
    const auto made = interior_loop(team, of, limit, goal, std::max(eps.absolute, eps.relative));
    result.outcome = made.outcome;
    result.iterations = made.iterations;
    result.best = made.best;
    return result;
}

} // namespace optnet::solver
