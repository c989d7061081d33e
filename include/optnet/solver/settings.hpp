// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace optnet {

/// What a layer, or the operator `qp`, does with a failed element of a batch, which is one with a status above 1.
enum class on_failure {
    raise, ///< throw `optnet::Error`, naming the first failed element and its status ("throw" in Python)
    mask,  ///< return what the solver wrote: the last point for `max_iterations`, a ray, which is no solution, for
           ///< `dual_infeasible`, NaN for the others; its gradient is exactly zero
    nan,   ///< return NaN for the element; its gradient is exactly zero
};

/// The settings of a solve; every default is right for most problems. Checked by `check(settings)` before use.
struct settings {
    /// Absolute tolerance on residuals and gap; default 1e-8 in float64, 1e-4 in float32. Not negative, not NaN.
    std::optional<double> eps_abs = {};
    /// Relative tolerance, same default. One of the two may be 0, not both.
    std::optional<double> eps_rel = {};
    /// Limit on the iterations of each method that is tried; default: 20 (n + m) + 200 steps of an active set and 200
    /// of the interior point. Not negative.
    std::optional<int> max_iter = {};
    /// What a layer does with a failed element. `solve()` never throws for one.
    optnet::on_failure on_failure = optnet::on_failure::raise;
    /// A layer starts from its last solution of the same sizes and batch size: fewer steps where problems move little.
    /// Results then depend in their last bits on what was solved before, and threads that share the layer on who came
    /// first; what a status claims does not. Nothing of it is saved with the module, and a clone begins with none.
    bool warm_start = false;
    /// A row of G with h at or above this is absent: multiplier 0, slack +inf, gradient 0.
    double infinite_bound = 1e20;
    /// Q is called nonconvex when its smallest eigenvalue is below minus this times its largest entry; in float32,
    /// whose rounding is larger, below minus the largest of this, 1e-6 and n 2^-23 times that.
    double convexity_tolerance = 1e-8;
    /// Relative floor under which a slack or a multiplier counts as zero when the active rows of a gradient are
    /// decided.
    double active_tolerance = 1e-9;
};

/// Throws std::invalid_argument with a sentence that names the field, its value and what is allowed.
void check(const settings& values);

} // namespace optnet
