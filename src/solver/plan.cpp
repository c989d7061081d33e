// SPDX-License-Identifier: Apache-2.0
#include "solver/plan.hpp"

#include "optnet/solver/solve.hpp"
#include "solver/algorithm/bound_matrices.hpp"
#include "solver/algorithm/entries.hpp"

#include <algorithm>
#include <cstdio>

namespace optnet::solver {
namespace {

bool diagonal(const structure& shape) {
    return std::all_of(shape.blocks.begin(), shape.blocks.end(),
                       [](const block& b) { return b.where != matrix::Q || (on_diagonal(b)); });
}

/// R takes m² numbers: 128 MB at this size.
constexpr int most_rows = 4000;

/// What the sparse form does in all, in its iterations: measured against form D on total variation, simplices and
/// chains. Its operations follow indices and take longer, but the active set is often found in six factorizations.
constexpr double sparse_iterations = 5;
/// Above this share of a dense K the sparse form is not looked at.
constexpr double dense_enough = 0.2;

estimate estimate_sparse(const structure& shape, std::shared_ptr<const sparse_pattern>& pattern) {
    estimate result{form::sparse};
    const double size = double(shape.n) + shape.p + shape.m;
    result.possible = size > 0 && covered_entries(shape) <= dense_enough * 0.5 * size * size;
    if (!result.possible) return result;
    pattern = analyse(shape);
    result.possible = pattern->possible;
    if (!result.possible) return result;
    result.set_up = 10 * static_cast<double>(pattern->product.size() + pattern->row.size());
    result.per_problem = sparse_iterations * pattern->iteration_operations();
    return result;
}

} // namespace

plan make_plan(const structure& shape, bool shared_matrices, bool try_bounds) {
    const double n = shape.n, p = shape.p, m = shape.m;
    const bool diagonal_q = diagonal(shape);
    double bounds = 0;
    for (const row_group& g : shape.groups)
        if (g.kind == row_kind::bound) bounds += g.count;
    plan result;
    // Form D: L, V_A, V_G, S, W and R; then about m steps of the active set, each a pass over its rows of R.
    result.dual.which = form::dual;
    result.dual.set_up = (diagonal_q ? 0 : n * n * n / 3 + n * n * (p + m)) + n * p * p + p * p * p / 3 +
                         (diagonal_q ? p : n) * bounds * p + (m - bounds) * n * (m + p) + m * p * p + m * m * p +
                         (diagonal_q ? 0 : bounds * n * m);
    result.dual.per_problem = 0.5 * m * (0.5 * m * m + 0.25 * m * m) + 4 * (n * n + 2 * n * p + n * m);
    result.dual.possible = shape.m <= most_rows;
    // Form P: about twelve iterations of H and its factor.
    result.primal.which = form::primal;
    result.primal.per_problem = 12 * ((m - bounds) * n * n + n * n * n / 3 + n * n * p + n * p * p + p * p * p / 3);
    const auto total = [&](const estimate& e) { return e.per_problem + e.set_up * (shared_matrices ? 0.02 : 1.0); };
    result.chosen = result.dual.possible && total(result.dual) <= 4 * total(result.primal) ? form::dual : form::primal;
    // Form B: reads and writes, and six to twelve passes over the bounds.
    result.bounds = {form::bounds, 3 * (n + m), 60 * (n + m), is_bounded_diagonal(shape)};
    result.sparse.which = form::sparse;
    result.sparse.possible = false;
    if (try_bounds && result.bounds.possible) {
        result.chosen = form::bounds;
        return result;
    }
    result.sparse = estimate_sparse(shape, result.pattern);
    const estimate& dense = result.chosen == form::dual ? result.dual : result.primal;
    if (result.sparse.possible && total(result.sparse) <= total(dense))
        result.chosen = form::sparse;
    else
        result.pattern.reset();
    if (result.chosen == form::dual) result.rows = shared_matrices ? kept_rows::all : rows_of_one(shape);
    return result;
}

kept_rows rows_of_one(const structure& shape) {
    // About nine tenths of the rows that a basis can have are violated on the way to the solution (measured on random
    // problems). Few rows are taken at once.
    constexpr int few = 24;
    constexpr double share = 0.6;
    if (shape.m > few && shape.n - shape.p <= share * shape.m) return kept_rows::on_demand;
    // Bounds meet a diagonal Q in few places, which only the form with all rows makes use of.
    const auto off_diagonal = [](const block& b) { return b.where == matrix::Q && !on_diagonal(b); };
    return std::any_of(shape.blocks.begin(), shape.blocks.end(), off_diagonal) ? kept_rows::at_once : kept_rows::all;
}

double plan::operations(std::int64_t batch, bool shared_matrices) const {
    const estimate& e = chosen == form::dual     ? dual
                        : chosen == form::primal ? primal
                        : chosen == form::sparse ? sparse
                                                 : bounds;
    const double problems = static_cast<double>(batch);
    return e.per_problem * problems + e.set_up * (shared_matrices ? 1.0 : problems);
}

double plan::microseconds(std::int64_t batch, bool shared_matrices) const {
    return static_cast<double>(batch) + 1e-4 * operations(batch, shared_matrices);
}

std::string explain(const structure& shape, bool shared_matrices) {
    const plan made = make_plan(shape, shared_matrices);
    char text[700], sparse[160], bounds[160];
    if (made.bounds.possible)
        std::snprintf(bounds, sizeof bounds, "%.2g operations to set up, %.2g per problem", made.bounds.set_up,
                      made.bounds.per_problem);
    else
        std::snprintf(bounds, sizeof bounds, "not a diagonal Q with bounds and one equality at most");
    if (made.chosen == form::bounds)
        std::snprintf(sparse, sizeof sparse, "not looked at");
    else if (made.sparse.possible)
        std::snprintf(sparse, sizeof sparse, "%.2g operations to set up, %.2g per problem", made.sparse.set_up,
                      made.sparse.per_problem);
    else
        std::snprintf(sparse, sizeof sparse, "too many entries");
    const char* const names[] = {"D", "P", "sparse", "B"};
    std::snprintf(text, sizeof text,
                  "%d variables, %d equalities, %d inequalities, matrices %s\n"
                  "form D (dual active set): %.2g operations to set up, %.2g per problem%s\n"
                  "form P (interior point): %.2g per problem\n"
                  "form sparse (interior point): %s\n"
                  "form B (bounds and one equality): %s\n"
                  "chosen: form %s\n",
                  shape.n, shape.p, shape.m, shared_matrices ? "shared by the batch" : "one set per problem",
                  made.dual.set_up, made.dual.per_problem, made.dual.possible ? "" : " (too many rows for R)",
                  made.primal.per_problem, sparse, bounds, names[static_cast<int>(made.chosen)]);
    return text;
}

} // namespace optnet::solver
