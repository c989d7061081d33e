// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which linear algebra a problem gets, from its structure alone: a small table of estimated operations.

#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/sparse_pattern.hpp"

#include <memory>

namespace optnet::solver {

enum class form : unsigned char { dual, primal, sparse, bounds };

/// One line of the table: the set-up once per set of matrices, the work per problem, and whether it fits in memory.
struct estimate {
    form which;
    double set_up = 0, per_problem = 0;
    bool possible = true;
};

struct plan {
    form chosen;
    estimate dual, primal, sparse, bounds;
    std::shared_ptr<const sparse_pattern> pattern; ///< set where the sparse form was chosen
    kept_rows rows = kept_rows::none;              ///< of form D

    /// Of the chosen form, for a batch in all.
    double operations(std::int64_t batch, bool shared_matrices) const;
    /// What that takes on one thread, roughly: enough to tell whether another one is worth waking.
    double microseconds(std::int64_t batch, bool shared_matrices) const;
};

/// Which rows of G form D should keep for a problem that shares its matrices with no other.
kept_rows rows_of_one(const structure& shape);

/// Depends on sizes, structure and sharing only, never on numbers, so that an element's bits do not depend on others.
/// Form B is chosen wherever it serves, and the sparse form is not looked at there; `try_bounds` false: for what B
/// does not settle.
plan make_plan(const structure& shape, bool shared_matrices, bool try_bounds = true);

} // namespace optnet::solver
