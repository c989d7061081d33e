// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/algorithm/active_rows.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

/// The matrices of one problem, or of all that share them, with their factors. `dual.set_up` failed where `convex` is
/// false.
struct set_up {
    operators data;
    dual_form dual;
    bool convex = false;
};

template <class T>
std::shared_ptr<const set_up> make_set_up(const problem<T>& batch, std::int64_t element, const settings& how,
                                          bool with_r);

/// True if no block of the batch has numbers of its own per problem.
template <class T> bool shares_matrices(const problem<T>& batch);

class factorization {
public:
    struct kept {
        std::shared_ptr<const set_up> matrices; ///< null where it is made again when needed
        active_kkt system;
        active_rows rows;
        bool solved = false;
    };
    settings how;
    bool with_r = true;
    std::shared_ptr<const set_up> common; ///< not null where the problems were solved together
    std::vector<kept> elements;
};

} // namespace optnet::solver
