// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the threads of a call work with, and what of it they keep for the next one.

#include "solver/algorithm/own_chunk.hpp"
#include "solver/algorithm/shared_chunk.hpp"
#include "solver/algorithm/small_chunk.hpp"
#include "solver/algorithm/sparse_chunk.hpp"
#include "solver/factorization.hpp"

namespace optnet::solver {

/// What one thread works with.
struct worker {
    road way;
    element e;
    warm_start start;
    outcome done;
    std::vector<double> gz;
    std::shared_ptr<set_up> own;
    shared_chunk chunk;
    sparse_chunk sparse;
    std::uint64_t begun = 0; ///< the call that `sparse` works for
    own_chunk lanes;
    small_chunk small;
};

/// That of this thread, which stays from one call to the next.
worker& held_worker();
/// The same for the matrices that the problems of a call share on the sparse form.
std::shared_ptr<set_up>& held_matrices();

/// False if sparse problems are too large to go eight at a time: their numbers would leave the cache, or a dense
/// factorization of the last columns of one alone takes less. `shared`: without the numbers of the matrices.
bool pays_in_lanes(const plan& made, bool shared);
/// True if a thread keeps what it works with: on the sparse form, and for small problems, the memory would take as long
/// to get as it is used. `alone`: dense problems one at a time.
bool holds(const structure& shape, const plan& made, int lanes, bool shared, bool alone);

} // namespace optnet::solver
