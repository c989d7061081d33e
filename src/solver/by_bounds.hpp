// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches on form B, and what of them is for other forms.

#include "optnet/solver/solve.hpp"
#include "solver/factorization.hpp"

namespace optnet::solver {

/// `solve` on form B. False if the matrices are not of its kind: then nothing is written. Problems that it does not
/// settle, and the active rows of those that are degenerate, are left to `solve_by_other_forms`, each by itself.
template <class T>
bool solve_by_bounds(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                     std::shared_ptr<factorization>* keep, const starting_points<T>& from);

/// `solve` on any other form.
template <class T>
void solve_by_other_forms(const problem<T>& batch, const settings& how, int threads, const solution<T>& out,
                          std::shared_ptr<factorization>* keep, const starting_points<T>& from);

/// `kkt_solve` for what `solve_by_bounds` kept.
template <class T>
void kkt_solve_by_bounds(const problem<T>& batch, const factorization& kept, int threads, const kkt_vectors<const T>& r,
                         const kkt_vectors<T>& d, bool same_right_side, T* minus_z);

} // namespace optnet::solver
