// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/blocks.hpp"

#include "torch/autocast_off.hpp"
#include "torch/batch_system.hpp"
#include "torch/block_algebra.hpp"
#include "torch/checks.hpp"

#include <ATen/ATen.h>

namespace optnet {
namespace {

using at::Tensor;

void check_sizes(const named_tensor& what, at::IntArrayRef expected, std::int64_t batch) {
    if (!what.tensor->defined()) return;
    const at::IntArrayRef sizes = what.tensor->sizes();
    if (sizes == expected) return;
    if (batch >= 0 && sizes.size() == expected.size() + 1 && sizes.slice(1) == expected &&
        (sizes[0] == batch || sizes[0] == 1))
        return;
    std::vector<std::int64_t> with_batch = expected.vec();
    with_batch.insert(with_batch.begin(), batch);
    throw Error(what.name + " is " + text(sizes) + ", but the structure asks for " + text(expected) +
                (batch < 0 ? " and there is no batch" : " or " + text(with_batch)));
}

} // namespace

qp_solution solve_blocks(const blocks& batch, const settings& how, bool everything) {
    if (!batch.structure) throw Error("blocks have no structure");
    try {
        check(how);
    } catch (const std::invalid_argument& mistake) {
        throw Error(mistake.what());
    }
    const solver::structure& shape = *batch.structure;
    std::vector<Tensor> tensors = batch.data;
    tensors.insert(tensors.end(), {batch.q, batch.b, batch.h});
    std::vector<Tensor*> places;
    places.reserve(tensors.size());
    for (Tensor& t : tensors) places.push_back(&t);
    lift_from_autocast(places);
    const autocast_off guard; // after lifting: it is what says that autocast is on

    const std::size_t sources = batch.data.size();
    std::vector<named_tensor> named;
    named.reserve(tensors.size());
    for (std::size_t i = 0; i < sources; ++i) named.push_back({"source " + std::to_string(i), &tensors[i]});
    for (std::size_t i = 0; i < 3; ++i) named.push_back({i == 0 ? "q" : i == 1 ? "b" : "h", &tensors[sources + i]});
    const Tensor start[] = {batch.start.z, batch.start.nu, batch.start.lam};
    const char* const start_names[] = {"start.z", "start.nu", "start.lam"};
    for (std::size_t i = 0; i < 3; ++i) named.push_back({start_names[i], &start[i]});
    check_kinds(named);
    for (const solver::block& b : shape.blocks) {
        if (b.source < 0) continue;
        if (static_cast<std::size_t>(b.source) >= sources || !tensors[static_cast<std::size_t>(b.source)].defined())
            throw Error("source " + std::to_string(b.source) + " of the blocks has no tensor");
        check_sizes(named[static_cast<std::size_t>(b.source)], sizes_of(b), batch.batch);
    }
    check_sizes(named[sources], {shape.n}, batch.batch);
    check_sizes(named[sources + 1], {shape.p}, batch.batch);
    check_sizes(named[sources + 2], {shape.m}, batch.batch);
    const std::int64_t start_sizes[] = {shape.n, shape.p, shape.m};
    for (std::size_t i = 0; i < 3; ++i) check_sizes(named[sources + 3 + i], {start_sizes[i]}, batch.batch);
    if (!tensors[sources].defined()) {
        // One tensor must say dtype and device.
        at::TensorOptions options = at::TensorOptions().dtype(at::get_default_dtype());
        for (const Tensor& t : tensors)
            if (t.defined()) options = t.options();
        tensors[sources] = at::zeros({shape.n}, options);
    }

    const auto system = c10::make_intrusive<batch_system>();
    system->structure = batch.structure;
    system->how = how;
    system->batch = batch.batch < 0 ? 1 : batch.batch;
    system->unbatched = batch.batch < 0;
    system->everything = everything;
    system->multipliers = how.warm_start;
    for (std::size_t i = 0; i < 3; ++i)
        if (start[i].defined()) system->start[i] = start[i].detach();
    system->sources = sources;
    std::vector<Tensor> out = call_solve(system, tensors);
    if (batch.apart && system->solved.defined() && out[0].requires_grad()) {
        const blocks apart = batch.apart(batch, system->solved);
        tensors = apart.data;
        tensors.insert(tensors.end(), {apart.q, apart.b, apart.h});
        for (const Tensor& t : out) system->known.push_back(t.detach());
        out = call_solve(system, tensors);
    }
    if (!everything)
        return {out[0], how.warm_start ? out[1] : Tensor(), how.warm_start ? out[2] : Tensor(), {}, {}, {}, {}};
    return {out[0], out[1], out[2], out[3], out[4], out[5], out[6]};
}

} // namespace optnet
