// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interior point of one problem by a team: the loop of algorithm/interior_loop.hpp on the memory of
// road_memory.hpp. The iterate is the element's z, ν and λ, with its products; the forms of the linear algebra are
// interior_primal.hpp and interior_dual.hpp.

#include "solver/algorithm/interior_loop.hpp"
#include "solver/cuda/certificate.hpp"
#include "solver/cuda/road_memory.hpp"

namespace optnet::solver::cuda {

/// Iterations, as on the CPU.
inline constexpr int interior_limit = 200;

/// What both forms have in common.
template <class Team> class interior_iterate {
public:
    OPTNET_DEVICE interior_iterate(Team& workers, const matrices& data, road_memory& own, double eps_abs,
                                   double eps_rel)
        : team(workers), of(data), to(own), absolute(eps_abs), relative(eps_rel) {}

    OPTNET_DEVICE row_vectors vectors() const {
        return {of.m, to.e.active.lambda, to.s, to.dlambda, to.ds, to.w, to.rs, to.rc, to.e.active.floor};
    }
    OPTNET_DEVICE void begin() {
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n)
                to.e.z[t] = 0;
            else if (t < of.n + of.p)
                to.e.nu[t - of.n] = 0;
            else
                to.e.active.lambda[t - of.n - of.p] = 0;
        });
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE verdict judge() { return cuda::judge(team, of, to.e, absolute, relative); }
    OPTNET_DEVICE void keep() {
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n) {
                to.e.best_z[t] = to.e.z[t];
            } else if (t < of.n + of.p) {
                to.e.best_nu[t - of.n] = to.e.nu[t - of.n];
            } else {
                const int i = t - of.n - of.p;
                to.e.best_lambda[i] = to.e.active.lambda[i];
                to.best_s[i] = to.s[i];
            }
        });
    }
    OPTNET_DEVICE bool enough(const verdict&) const { return false; }

    /// Where there is no solution the iterates grow along a certificate, and their differences are one sooner. It is
    /// left in `direction`.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE interior_outcome certified(double eps) {
        const element& e = to.e;
        for (int which = 0; which < 2; ++which) {
            const double share = which;
            each(team, of.n + of.p + of.m, [&](int t) {
                if (t < of.n)
                    to.direction.z[t] = e.z[t] - share * to.last.z[t];
                else if (t < of.n + of.p)
                    to.direction.nu[t - of.n] = e.nu[t - of.n] - share * to.last.nu[t - of.n];
                else
                    to.direction.lambda[t - of.n - of.p] =
                        e.active.lambda[t - of.n - of.p] - share * to.last.lambda[t - of.n - of.p];
            });
            if (is_farkas(team, of, e, to.direction.nu, to.direction.lambda, eps)) return interior_outcome::infeasible;
            if (is_ray(team, of, e, to.direction.z, eps)) return interior_outcome::unbounded;
        }
        return interior_outcome::limit;
    }

protected:
    /// The products, and with them r_z, r_ν and r_s.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void residuals() {
        const element& e = to.e;
        multiply(team, of, e, nullptr, of.m);
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n) {
                e.rz[t] = -(e.qz[t] + e.q[t] + e.atnu[t] + e.gtl[t]);
            } else if (t < of.n + of.p) {
                e.rnu[t - of.n] = e.b[t - of.n] - e.az[t - of.n];
            } else {
                const int i = t - of.n - of.p;
                to.rs[i] = e.active.floor[i] == HUGE_VAL ? 0.0 : e.h[i] - e.gz[i] - to.s[i];
            }
        });
    }

    Team& team;
    const matrices& of;
    road_memory& to;
    const double absolute, relative;
};

} // namespace optnet::solver::cuda
