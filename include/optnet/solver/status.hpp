// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace optnet {

/// The outcome of one problem of a batch. A numerical outcome is a value, never an exception.
enum class status : std::int64_t {
    solved = 0,            ///< residuals and gap are within the tolerances, on the data as given
    solved_inaccurate = 1, ///< the best point found is near, but one residual or the gap exceeds its tolerance
    primal_infeasible = 2, ///< no point satisfies the constraints; `nu` and `lambda` hold a checked Farkas certificate
    dual_infeasible = 3,   ///< the objective is unbounded below; `z` holds a checked ray
    max_iterations = 4,    ///< the iteration limit came first; the best iterate is returned
    numerical_error = 5,   ///< a factorization broke down or overflowed on every road; nothing is claimed
    nonconvex = 6,         ///< Q has a negative eigenvalue beyond rounding; a convex solver has no answer
    invalid_input = 7,     ///< NaN or an infinity where none has a meaning
};

/// The value's own spelling: "solved", "primal_infeasible", ...
constexpr std::string_view name(status value) {
    switch (value) {
    case status::solved: return "solved";
    case status::solved_inaccurate: return "solved_inaccurate";
    case status::primal_infeasible: return "primal_infeasible";
    case status::dual_infeasible: return "dual_infeasible";
    case status::max_iterations: return "max_iterations";
    case status::numerical_error: return "numerical_error";
    case status::nonconvex: return "nonconvex";
    case status::invalid_input: return "invalid_input";
    }
    return "unknown";
}

/// The statuses whose point is a solution and has a gradient.
constexpr bool has_solution(status value) { return value == status::solved || value == status::solved_inaccurate; }

} // namespace optnet
