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

std::vector<Tensor> list_of(const blocks& batch) {
    std::vector<Tensor> tensors;
    tensors.reserve(batch.data.size() + 3);
    tensors.insert(tensors.end(), batch.data.begin(), batch.data.end());
    for (const Tensor* t : {&batch.q, &batch.b, &batch.h}) tensors.push_back(*t);
    return tensors;
}

/// The places of the vectors and of the starting points, behind those of the sources.
constexpr const char* other_names[] = {"q", "b", "h", "start.z", "start.nu", "start.lam"};

/// Throws optnet::Error unless the tensors, the data, q, b, h and the starting points, are what the structure asks for.
void check_tensors(const blocks& batch, at::ArrayRef<const Tensor*> tensors) {
    const std::size_t sources = batch.data.size();
    const auto name = [&](std::size_t i) {
        return i < sources ? "source " + std::to_string(i) : std::string(other_names[i - sources]);
    };
    check_kinds(tensors, name);
    const auto check_sizes = [&](std::size_t i, at::IntArrayRef expected) {
        if (!tensors[i]->defined()) return;
        const at::IntArrayRef sizes = tensors[i]->sizes();
        if (sizes == expected) return;
        if (batch.batch >= 0 && sizes.size() == expected.size() + 1 && sizes.slice(1) == expected &&
            (sizes[0] == batch.batch || sizes[0] == 1))
            return;
        std::vector<std::int64_t> with_batch = expected.vec();
        with_batch.insert(with_batch.begin(), batch.batch);
        throw Error(name(i) + " is " + text(sizes) + ", but the structure asks for " + text(expected) +
                    (batch.batch < 0 ? " and there is no batch" : " or " + text(with_batch)));
    };
    const solver::structure& shape = *batch.structure;
    for (const solver::block& b : shape.blocks) {
        if (b.source < 0) continue;
        const auto i = static_cast<std::size_t>(b.source);
        if (i >= sources || !tensors[i]->defined())
            throw Error("source " + std::to_string(i) + " of the blocks has no tensor");
        check_sizes(i, sizes_of(b));
    }
    const std::int64_t vectors[] = {shape.n, shape.p, shape.m};
    for (std::size_t i = 0; i < 6; ++i) check_sizes(sources + i, vectors[i % 3]);
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
    const std::size_t sources = batch.data.size();
    std::vector<Tensor> tensors = list_of(batch);
    c10::SmallVector<Tensor*, 16> places;
    for (Tensor& t : tensors) places.push_back(&t);
    lift_from_autocast(places);
    const autocast_off guard; // after lifting: it is what says that autocast is on
    c10::SmallVector<const Tensor*, 16> all(places.begin(), places.end());
    all.append({&batch.start.z, &batch.start.nu, &batch.start.lam});
    check_tensors(batch, all);
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
        if (const Tensor& start = *all[sources + 3 + i]; start.defined()) system->start[i] = start.detach();
    system->sources = sources;
    std::vector<Tensor> out = call_solve(system, tensors);
    if (batch.apart && system->solved.defined() && out[0].requires_grad()) {
        tensors = list_of(batch.apart(batch, system->solved));
        for (const Tensor& t : out) system->known.push_back(t.detach());
        out = call_solve(system, tensors);
    }
    if (!everything)
        return {out[0], how.warm_start ? out[1] : Tensor(), how.warm_start ? out[2] : Tensor(), {}, {}, {}, {}};
    return {out[0], out[1], out[2], out[3], out[4], out[5], out[6]};
}

} // namespace optnet
