// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/settings.hpp"
#include "optnet/solver/solution.hpp"
#include "optnet/solver/status.hpp"
#include "optnet/solver/views.hpp"

#include <memory>
#include <string>

namespace optnet::solver {

/// What a solve keeps for the derivative: per element the final point, its active rows and the factors of its KKT
/// system. Independent of the caller's arrays, except that `kkt_solve` takes the same problem data again.
class factorization;

/// Solves every problem of the batch on at most `threads` threads. Writes every output of every element; never throws
/// for a numerical outcome. Throws std::invalid_argument for a setting or a structure that makes no sense.
/// With `keep`, what `kkt_solve` needs is kept. The bits of an element do not depend on the other elements, its place
/// in the batch or the number of threads. With `from`, problems start there: that saves steps where a solution is near,
/// and changes nothing of what a status claims; `out` may be the same arrays.
template <class T>
void solve(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
           std::shared_ptr<factorization>* keep = nullptr, const starting_points<T>& from = {});

/// Solves, for every element, the symmetric system of its optimality conditions at the final point,
///
///     Q dz + A' dnu + G' dlambda       = r.z
///     A dz                             = r.nu
///     G_i dz - D_i dlambda_i           = r.lambda_i    for the active rows i,    dlambda_i = 0 for the others,
///
/// D_i = 0 for strongly active rows, the ratio s_i / lambda_i for weakly active ones (docs/algorithm/gradient.md).
/// Elements that failed get exact zeros. `batch` is the data that was solved; d may be r. Throws std::invalid_argument
/// if it has another number of problems. With `same_right_side` r is [n], [p], [m], the same for every problem, and not
/// d. `minus_z` [batch, n], if not null, receives -dz: with r the gradient of (z, nu, lambda), that of q.
template <class T>
void kkt_solve(const problem<T>& batch, const factorization& kept, int threads, const kkt_vectors<const T>& r,
               const kkt_vectors<T>& d, bool same_right_side = false, T* minus_z = nullptr);

/// One line per decision: the form and the estimated operations behind the choice; what `describe` prints.
std::string explain(const structure& shape, bool shared_matrices);

} // namespace optnet::solver
