// SPDX-License-Identifier: Apache-2.0
#pragma once

// Zeros in plain matrices: a batch whose matrices turn out to be diagonal, bounds or mostly zeros is solved as if its
// structure had said so.

#include "optnet/solver/views.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

/// The same batch with blocks of the entries that are not zero.
template <class T> struct detected {
    structure shape;
    std::vector<T> numbers[3]; ///< of the blocks that are not dense, [entries]
    std::vector<matrix_view<T>> data;

    /// The batch as the solver reads it; this and what `given` looks at must outlive it.
    problem<T> of(const problem<T>& given) const;
};

/// Looks for zeros where the structure is `plain` and the dense road costs clearly more than a pass over the matrices;
/// ends as soon as they are seen to be dense. Null where that is so, or where nothing was found that changes the road.
/// Matrices that are one for each problem are not looked at: no bit of a problem may depend on its neighbours' zeros.
template <class T> std::shared_ptr<const detected<T>> detect(const problem<T>& batch);

} // namespace optnet::solver
