// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which linear algebra a problem gets, from its structure alone: a small table of estimated operations.

#include "optnet/solver/structure.hpp"

#include <string>

namespace optnet::solver {

enum class form : unsigned char { dual, primal };

/// One line of the table: the set-up once per set of matrices, the work per problem, and whether it fits in memory.
struct estimate {
    form which;
    double set_up = 0, per_problem = 0;
    bool possible = true;
};

struct plan {
    form chosen;
    estimate dual, primal;
};

/// Depends on sizes, structure and sharing only, never on numbers, so that an element's bits do not depend on others.
plan make_plan(const structure& shape, bool shared_matrices);

} // namespace optnet::solver
