// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the blocks and vectors of a table stand once the sizes are numbers, and which nodes fill them. Made once for
// given sizes, dtype and device; a call only evaluates what depends on its tensors.

#include "torch/evaluate.hpp"

namespace optnet {

/// scale * source, a part of one stretch of a vector.
struct stretch_term {
    int source = -1; ///< a node
    double scale = 1;
    std::int64_t from = 0; ///< the stretch's first entry in the source
};

/// Entries begin .. begin + count of q, b or h: the sum of the terms; constant without any.
struct stretch {
    std::int64_t begin = 0, count = 0;
    std::vector<stretch_term> terms;
    at::Tensor constant; ///< the sum of what depends on no parameter; undefined: zeros
};

/// A vector of the solver as stretches that cover it in order; none: all of it is zero.
using stretches = std::vector<stretch>;

/// The node that fills a source of the structure, and how its blocks store it.
struct filling {
    int node = -1;
    solver::block_kind kind = solver::block_kind::dense;
    std::int64_t rows =
        0; ///< of a diagonal, which a scalar may fill; of a dense block, whose vector may be a row or a column
    friend bool operator==(const filling&, const filling&) = default;
};

struct arrangement {
    std::vector<std::int64_t> symbols; ///< the sizes it was made for
    at::TensorOptions options;
    const dsl::table* problem = nullptr;

    std::shared_ptr<const solver::structure> structure;
    std::vector<filling> sources;
    stretches q, b, h;
    std::vector<std::pair<int, value>> constants;             ///< nodes without parameters
    std::vector<std::int64_t> columns;                        ///< where each group of columns begins
    std::vector<std::int64_t> rows;                           ///< where each group of rows begins, in its matrix
    std::vector<std::int64_t> row_counts;                     ///< of an epigraph pair: of one half
    std::vector<std::int64_t> variables;                      ///< where each variable begins
    std::vector<std::vector<std::int64_t>> variable_shapes;   ///< of one problem
    std::vector<std::vector<std::int64_t>> constraint_shapes; ///< likewise, of their multipliers
};

/// Throws optnet::Error for sizes that make no sense: a negative one, an index or a slice outside its vector.
std::shared_ptr<const arrangement> arrange(const dsl::table& problem, std::span<const double> numbers,
                                           const arguments& call);

/// The tensors of a call in the solver's places. A parameter that is a whole block or vector is passed on as it is.
blocks fill(const arrangement& where, evaluator& values, std::int64_t batch);

} // namespace optnet
