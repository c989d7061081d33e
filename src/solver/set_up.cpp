// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shared_chunk.hpp"
#include "solver/factorization.hpp"
#include "solver/recycled.hpp"

namespace optnet::solver {

template <class T> bool shares_matrices(const problem<T>& batch) {
    for (const block& b : batch.shape->blocks)
        if (b.source >= 0 && !batch.data[b.source].shared()) return false;
    return true;
}

template <class T>
void load(set_up& to, const problem<T>& batch, std::int64_t element, const settings& how, const plan& chosen,
          int threads) {
    to.data.load(batch, element);
    to.is_sparse = chosen.chosen == form::sparse;
    to.convex = to.start.usable = false;
    if (!to.data.finite) return;
    to.convex = to.is_sparse ? to.sparse.set_up(to.data, chosen.pattern, how.convexity_tolerance)
                             : to.dual.set_up(to.data, how.convexity_tolerance, chosen.rows, threads);
}

std::shared_ptr<set_up> memory(const plan& chosen) {
    return chosen.chosen == form::sparse ? std::make_shared<set_up>() : recycled<set_up>();
}

template <class T>
std::shared_ptr<const set_up> make_set_up(const problem<T>& batch, std::int64_t element, const settings& how,
                                          const plan& chosen, int threads) {
    const auto made = memory(chosen);
    load(*made, batch, element, how, chosen, threads);
    const structure& shape = *batch.shape;
    if (batch.batch < shared_chunk::least || !shares_matrices(batch) || !made->convex ||
        !shared_kkt::serves(made->dual))
        return made;
    if (shared_chunk::guesses(shape.n, shape.p, shape.m)) made->dual.prepare_guess();
    if (batch.q.shared()) {
        std::vector<double> minus_q(static_cast<std::size_t>(shape.n));
        const units o = made->data.measures();
        if (read_right_sides(batch, 0, o, how, 0, minus_q.data(), nullptr, nullptr, nullptr).finite) {
            for (double& v : minus_q) v = -v;
            made->start.set_up(made->dual, minus_q.data());
        }
    }
    return made;
}

#define OPTNET_FOR(T)                                                                                                  \
    template bool shares_matrices(const problem<T>&);                                                                  \
    template void load(set_up&, const problem<T>&, std::int64_t, const settings&, const plan&, int);                   \
    template std::shared_ptr<const set_up> make_set_up(const problem<T>&, std::int64_t, const settings&, const plan&,  \
                                                       int);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver
