// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the CPU's analysis of a structure to the schedule that kernels read.

#include "optnet/solver/structure.hpp"
#include "solver/cuda/sparse_shape.hpp"

#include <memory>
#include <string>
#include <vector>

namespace optnet::solver::cuda {

/// Sources of numbers that fit into the arguments of a kernel.
inline constexpr int most_sources = 64;

struct sparse_schedule {
    sparse_shape shape;     ///< its `words` are null
    std::vector<int> words; ///< to be copied to the GPU once

    sparse_shape on(const int* at) const {
        sparse_shape s = shape;
        s.words = at;
        return s;
    }
};

/// Why the sparse form does not solve batches of this structure on the GPU, as a part of a sentence; empty if it does.
std::string sparse_refusal(const structure& shape, bool shared_matrices);

/// The schedule of a structure that is not refused, from a small cache that all threads share.
std::shared_ptr<const sparse_schedule> schedule(const structure& shape);

} // namespace optnet::solver::cuda
