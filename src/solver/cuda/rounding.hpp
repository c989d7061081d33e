// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is said of a point, however its sums are rounded and whatever type it is returned in; as
// src/solver/algorithm/rounding.cpp and src/solver/write.hpp. A GPU has no long double: sums of two doubles stand for
// it. Templates on a view of the point: `dense_point` here, `sparse_view` in sparse_solve.hpp.

#include "optnet/solver/status.hpp"
#include "solver/algorithm/accuracy.hpp"
#include "solver/cuda/certificate.hpp"

namespace optnet::solver::cuda {

struct finished {
    optnet::status status;
    handed_over handed;
    verdict found;
    bool trusted = false; ///< one solve with its factors was `trustworthy`
};

OPTNET_DEVICE inline bool has_point(optnet::status s) {
    return s == status::solved || s == status::solved_inaccurate || s == status::max_iterations;
}

/// The point of an element, its products in double precision, and those of its terms that a sum asks for.
struct dense_point {
    const matrices& of;
    const element& e;
    int n = of.n, p = of.p, m = of.m;

    OPTNET_DEVICE double z(int j) const { return e.z[j]; }
    OPTNET_DEVICE double nu(int i) const { return e.nu[i]; }
    OPTNET_DEVICE double lambda(int i) const { return e.active.lambda[i]; }
    OPTNET_DEVICE double q(int j) const { return e.q[j]; }
    OPTNET_DEVICE double b(int i) const { return e.b[i]; }
    OPTNET_DEVICE double h(int i) const { return e.h[i]; }
    OPTNET_DEVICE bool absent(int i) const { return e.active.floor[i] == HUGE_VAL; }
    OPTNET_DEVICE double qz(int j) const { return e.qz[j]; }
    OPTNET_DEVICE double atnu(int j) const { return e.atnu[j]; }
    OPTNET_DEVICE double gtl(int j) const { return e.gtl[j]; }
    OPTNET_DEVICE double az(int i) const { return e.az[i]; }
    OPTNET_DEVICE double gz(int i) const { return e.gz[i]; }
    OPTNET_DEVICE double z_scale(int j) const { return of.z_scale[j]; }
    OPTNET_DEVICE double a_scale(int i) const { return of.a_scale[i]; }
    OPTNET_DEVICE double g_scale(int i) const { return of.g_scale[i]; }
    OPTNET_DEVICE double q_size() const { return of.q_size(); }

    template <class Sum> OPTNET_DEVICE void add_qz(int i, Sum& sum) const { add_row(i, sum); }
    template <class Sum> OPTNET_DEVICE void add_az(int i, Sum& sum) const { add_row(n + i, sum); }
    template <class Sum> OPTNET_DEVICE void add_gz(int i, Sum& sum) const { add_row(n + p + i, sum); }
    template <class Sum> OPTNET_DEVICE void add_multipliers(int j, Sum& sum) const {
        const int rows = of.data_rows();
        for (int i = 0; i < p; ++i) sum.add(of.a()[j * rows + i], e.nu[i]);
        for (int i = 0; i < m; ++i) sum.add(of.g()[j * rows + i], e.active.lambda[i]);
    }

private:
    template <class Sum> OPTNET_DEVICE void add_row(int row, Sum& sum) const {
        for (int j = 0; j < n; ++j) sum.add(of.data[j * of.data_rows() + row], e.z[j]);
    }
};

/// Sums of two doubles that are sums of two doubles themselves (Knuth).
struct add_exactly {
    OPTNET_DEVICE static two none() { return {0.0, 0.0}; }
    OPTNET_DEVICE two operator()(two x, two y) const {
        const double sum = x.a + y.a, shifted = sum - x.a;
        return {sum, (x.b + y.b) + ((x.a - (sum - shifted)) + (y.a - shifted))};
    }
};

/// Whether rounding of the products of x can be as large as a tenth of what is allowed.
template <class Team, class Point>
OPTNET_DEVICE bool rounding_decides(Team& team, const Point& x, double absolute, double relative) {
    // Rows have entries below 2. The sums of a product have as many roundings as terms, which mostly cancel.
    constexpr double u = 8 * 2.220446049250313e-16;
    // The largest units, and the terms that the tolerances are relative to.
    const two rows = most(team, x.p + x.m, [&](int t) {
        const int i = t - x.p;
        const double unit = 1 / (t < x.p ? x.a_scale(t) : x.g_scale(i));
        if (i >= 0 && x.absent(i)) return two{unit, 0.0};
        const double size =
            t < x.p ? larger(std::abs(x.az(t)), std::abs(x.b(t))) : larger(std::abs(x.gz(i)), std::abs(x.h(i)));
        return two{unit, size * unit};
    });
    const two variables = most(team, x.n, [&](int j) {
        const double unit = 1 / x.z_scale(j);
        return two{unit, unit * larger(larger(std::abs(x.qz(j)), std::abs(x.q(j))),
                                       larger(std::abs(x.atnu(j)), std::abs(x.gtl(j))))};
    });
    const two sizes = sums(team, x.n + x.p + x.m, [&](int t) {
        if (t < x.n) return two{std::abs(x.z(t)), 0.0};
        const int i = t - x.n;
        return two{0.0, std::abs(i < x.p ? x.nu(i) : x.lambda(i - x.p))};
    });
    const auto beyond = [&](double rounding, double size) {
        return !(rounding <= 0.1 * (absolute + relative * larger(0.0, size)));
    };
    return beyond(u * 2 * sizes.a * larger(0.0, rows.a), rows.b) ||
           beyond(u * (x.q_size() * sizes.a + 2 * sizes.b) * variables.a, variables.b);
}

/// The verdict on x with sums of two doubles.
template <class Team, class Point>
OPTNET_DEVICE verdict judge_exactly(Team& team, const Point& x, double absolute, double relative) {
    const two primal = most(team, x.p + x.m, [&](int t) {
        const int i = t - x.p;
        if (i >= 0 && x.absent(i)) return maxima::none();
        exact_sum sum;
        if (t < x.p)
            x.add_az(t, sum);
        else
            x.add_gz(i, sum);
        const double side = t < x.p ? x.b(t) : x.h(i), size = larger(std::abs(sum.value()), std::abs(side));
        sum.add(side, -1.0);
        const double unit = 1 / (t < x.p ? x.a_scale(t) : x.g_scale(i));
        return two{(t < x.p ? std::abs(sum.value()) : sum.value()) * unit, size * unit};
    });
    const two dual = most(team, x.n, [&](int j) {
        exact_sum sum;
        x.add_qz(j, sum);
        x.add_multipliers(j, sum);
        sum.add(x.q(j), 1.0);
        const double unit = 1 / x.z_scale(j);
        const double terms =
            larger(larger(std::abs(x.qz(j)), std::abs(x.q(j))), larger(std::abs(x.atnu(j)), std::abs(x.gtl(j))));
        return two{std::abs(sum.value()) * unit, terms * unit};
    });
    const two gap = team.template reduce<add_exactly>(x.n + x.p + x.m, [&](int t) {
        exact_sum sum;
        if (t < x.n) {
            exact_sum product;
            x.add_qz(t, product);
            sum.add(product.parts().a, x.z(t));
            sum.add(product.parts().b, x.z(t));
            sum.add(x.q(t), x.z(t));
        } else if (t < x.n + x.p) {
            sum.add(x.b(t - x.n), x.nu(t - x.n));
        } else if (!x.absent(t - x.n - x.p)) {
            sum.add(x.h(t - x.n - x.p), x.lambda(t - x.n - x.p));
        }
        return sum.parts();
    });
    // ½z'Qz + q'z, and ½z'Qz + b'ν + h'λ
    const two values = sums(team, x.n + x.p + x.m, [&](int t) {
        if (t < x.n) {
            const double half = 0.5 * x.z(t) * x.qz(t);
            return two{half + x.q(t) * x.z(t), half};
        }
        const int i = t - x.n - x.p;
        if (i < 0) return two{0.0, x.b(t - x.n) * x.nu(t - x.n)};
        return two{0.0, x.absent(i) ? 0.0 : x.h(i) * x.lambda(i)};
    });
    return judged(primal, dual, std::abs(gap.a + gap.b), larger(std::abs(values.a), std::abs(values.b)), absolute,
                  relative);
}

/// Whether every number of x is one in float32, too: a true solution in double precision need not be.
template <class Team, class Point> OPTNET_DEVICE bool fits_float(Team& team, const Point& x) {
    constexpr double largest = 3.4028234663852886e38;
    const double size = most(team, x.n + x.p + x.m, [&](int t) {
                            if (t < x.n) return two{size_of(x.z(t) * x.z_scale(t)), 0.0};
                            const int i = t - x.n;
                            if (i < x.p) return two{size_of(x.nu(i) * x.a_scale(i)), 0.0};
                            return two{size_of(x.lambda(i - x.p) * x.g_scale(i - x.p)), 0.0};
                        }).a;
    return size <= largest;
}

/// Takes back of `done` what rounding of its sums alone has decided, and a point that float32 data have no numbers
/// for. The products of x are there.
template <class Team, class Point>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void look_closer(Team& team, const Point& x, const device_settings& how,
                                                  finished& done) {
    const bool solved = done.status == status::solved;
    const double promised = solved ? 1 : inaccurate;
    if ((solved || done.status == status::solved_inaccurate) &&
        rounding_decides(team, x, promised * how.eps_abs, promised * how.eps_rel)) {
        done.found = judge_exactly(team, x, how.eps_abs, how.eps_rel);
        if (!(done.found.share <= promised)) {
            done.status = done.found.share <= inaccurate ? status::solved_inaccurate : status::numerical_error;
            done.handed = handed_over::not_solved;
        }
    }
    if (how.single && has_point(done.status) && !fits_float(team, x)) done.status = status::numerical_error;
}

} // namespace optnet::solver::cuda
