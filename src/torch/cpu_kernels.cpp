// SPDX-License-Identifier: Apache-2.0
#include "torch/batch_system.hpp"

#include "optnet/solver/solve.hpp"
#include "optnet/torch/error.hpp"
#include "torch/tensor_memory.hpp"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#if defined(OPTNET_WITH_CUDA)
#include <ATen/cuda/EmptyTensor.h>
#endif

#include <algorithm>
#include <cmath>
#include <limits>

namespace optnet {
namespace {

using at::Tensor;
using solver::block;
using solver::block_kind;

/// The untyped pointer: clang spells the name of the typed one otherwise than g++, with which LibTorch is built.
template <class T> const T* numbers(const Tensor& t) { return static_cast<const T*>(t.const_data_ptr()); }

/// 0 where one set of numbers serves the whole batch: no batch dimension, one of size 1, or an expanded one.
std::int64_t batch_stride(const Tensor& t, std::int64_t rank, std::int64_t batch) {
    return t.dim() == rank || t.size(0) != batch ? 0 : t.stride(0);
}

/// The tensors themselves, or `made` of them where one is a negated view: the one thing that strides cannot say.
const std::vector<Tensor>& not_negated(const std::vector<Tensor>& tensors, std::vector<Tensor>& made) {
    const auto negated = [](const Tensor& t) { return t.defined() && t.is_neg(); };
    if (std::none_of(tensors.begin(), tensors.end(), negated)) return tensors;
    for (const Tensor& t : tensors) made.push_back(negated(t) ? t.resolve_neg() : t);
    return made;
}

/// The batch as the solver reads it. Nothing is copied: strides carry transposed, sliced and expanded tensors.
template <class T> struct batch_views {
    std::vector<Tensor> made;
    const std::vector<Tensor>& alive;
    std::vector<solver::matrix_view<T>> data;
    solver::problem<T> problem;

    batch_views(const batch_system& system, const std::vector<Tensor>& tensors) : alive(not_negated(tensors, made)) {
        data.resize(system.sources);
        for (const block& b : system.structure->blocks)
            if (b.source >= 0) data[static_cast<std::size_t>(b.source)] = matrix(b, system.batch);
        problem.shape = system.structure.get();
        problem.batch = system.batch;
        problem.data = data.data();
    }

    solver::matrix_view<T> matrix(const block& b, std::int64_t batch) const {
        const Tensor& t = alive[static_cast<std::size_t>(b.source)];
        solver::matrix_view<T> view;
        view.data = numbers<T>(t);
        view.col_stride = 1;
        switch (b.kind) {
        case block_kind::identity:
        case block_kind::scaled_identity: view.batch_stride = batch_stride(t, 0, batch); break;
        case block_kind::diagonal:
        case block_kind::sparse:
            view.batch_stride = batch_stride(t, 1, batch);
            view.row_stride = t.stride(-1);
            break;
        case block_kind::banded:
        case block_kind::dense:
            view.batch_stride = batch_stride(t, 2, batch);
            view.row_stride = t.stride(-2);
            view.col_stride = t.stride(-1);
            break;
        }
        return view;
    }

    solver::vector_view<T> vector(std::size_t place, std::int64_t batch) const { return vector(alive[place], batch); }

    static solver::vector_view<T> vector(const Tensor& t, std::int64_t batch) {
        solver::vector_view<T> view;
        if (!t.defined()) return view;
        view.data = numbers<T>(t);
        view.batch_stride = batch_stride(t, 1, batch);
        view.stride = t.stride(-1);
        return view;
    }
};

} // namespace

namespace {

/// What the user can do about it.
const char* remedy(status of) {
    switch (of) {
    case status::primal_infeasible: return "; no point satisfies its constraints: loosen one of them";
    case status::dual_infeasible: return "; its objective has no lower bound: add a bound, or a positive term in Q";
    case status::max_iterations: return "; raise max_iter";
    case status::numerical_error: return "; bring its coefficients to like sizes, or loosen eps_abs and eps_rel";
    case status::nonconvex: return "; Q must have no negative eigenvalue: write it as L * T(L), or add to its diagonal";
    case status::invalid_input: return "; its data hold NaN, or an infinity outside h: look where they are made";
    default: return "";
    }
}

} // namespace

void raise_failed(const std::vector<std::int64_t>& statuses, bool unbatched) {
    const auto first = std::find_if_not(statuses.begin(), statuses.end(), found_solution);
    const auto failed = std::count_if(first, statuses.end(), [](std::int64_t v) { return !found_solution(v); });
    const auto why = static_cast<status>(*first);
    const std::string what(name(why));
    const std::string advice =
        std::string(remedy(why)) + "; or ask solve() or solve_qp for the statuses, or set on_failure to mask or nan";
    if (unbatched) throw Error("the problem is " + what + advice);
    throw Error("element " + std::to_string(first - statuses.begin()) + " of the batch is " + what + " (" +
                std::to_string(failed) + " of " + std::to_string(statuses.size()) + " failed)" + advice);
}

namespace {

/// Marks what has no derivative, so that no NaN of a failed element meets the sum of a shared gradient.
void mark(batch_system& system, const std::vector<std::int64_t>& statuses, const Tensor& s) {
    if (!std::all_of(statuses.begin(), statuses.end(), found_solution)) {
        system.solved = at::empty({system.batch, 1}, at::kBool);
        std::transform(statuses.begin(), statuses.end(), system.solved.mutable_data_ptr<bool>(), found_solution);
    }
    if (!s.defined()) return;
    const Tensor finite = at::isfinite(s.reshape({system.batch, system.structure->m}));
    if (system.solved.defined())
        system.finite_slack = finite.logical_and(system.solved);
    else if (!finite.all().item<bool>())
        system.finite_slack = finite;
}

at::TensorOptions options_of(const std::vector<Tensor>& tensors) {
    for (const Tensor& t : tensors)
        if (t.defined()) return t.options();
    throw Error("the batch has no tensor that would say dtype and device");
}

/// The sizes of what one problem has, behind the batch if the results have one.
at::DimVector with_batch(const batch_system& system, std::initializer_list<std::int64_t> sizes) {
    at::DimVector all;
    if (!system.unbatched) all.push_back(system.batch);
    all.append(sizes);
    return all;
}

template <class T> std::vector<Tensor> solve_typed(batch_system& system, const std::vector<Tensor>& tensors) {
    const batch_views<T> views(system, tensors);
    solver::problem<T> problem = views.problem;
    problem.q = views.vector(system.sources, system.batch);
    problem.b = views.vector(system.sources + 1, system.batch);
    problem.h = views.vector(system.sources + 2, system.batch);

    std::vector<Tensor> results = empty_results(system, options_of(tensors));
    std::vector<std::int64_t> statuses(static_cast<std::size_t>(system.batch));
    solver::solution<T> out;
    out.z = results[0].mutable_data_ptr<T>();
    out.status = statuses.data();
    if (results.size() > 1) {
        out.nu = results[1].mutable_data_ptr<T>();
        out.lambda = results[2].mutable_data_ptr<T>();
    }
    if (system.everything) {
        out.s = results[3].mutable_data_ptr<T>();
        out.iterations = results[5].mutable_data_ptr<std::int64_t>();
        out.residuals = results[6].mutable_data_ptr<double>();
    }
    const solver::starting_points<T> from{views.vector(system.start[0], system.batch),
                                          views.vector(system.start[1], system.batch),
                                          views.vector(system.start[2], system.batch)};
    solver::solve(problem, system.how, thread_count(), out, system.keep ? &system.kept : nullptr, from);

    if (system.everything) std::copy(statuses.begin(), statuses.end(), results[4].mutable_data_ptr<std::int64_t>());
    if (system.keep) mark(system, statuses, system.everything ? results[3] : Tensor());
    if (system.everything || std::all_of(statuses.begin(), statuses.end(), found_solution)) return results;
    if (system.how.on_failure == on_failure::raise) raise_failed(statuses, system.unbatched);
    if (system.how.on_failure == on_failure::nan)
        for (std::size_t k = 0; k < statuses.size(); ++k)
            if (!found_solution(statuses[k]))
                std::fill_n(out.z + static_cast<std::int64_t>(k) * system.structure->n, system.structure->n,
                            std::numeric_limits<T>::quiet_NaN());
    return results;
}

template <class T>
std::vector<Tensor> kkt_solve_typed(const batch_system& system, const std::vector<Tensor>& tensors, bool minus_z) {
    const batch_views<T> views(system, tensors);
    std::vector<Tensor> d = empty_directions(system, options_of(tensors), minus_z);
    Tensor r[3];
    for (std::size_t i = 0; i < 3; ++i)
        if (const Tensor& given = views.alive[system.sources + i]; given.defined())
            r[i] = given.sizes() == d[i].sizes() ? given : given.expand_as(d[i]);
    // The gradient of a sum is the same for the whole batch.
    const bool same =
        system.batch > 1 && std::all_of(r, r + 3, [](const Tensor& t) { return !t.defined() || t.stride(0) == 0; });
    for (std::size_t i = 0; i < 3; ++i) {
        if (!r[i].defined() || r[i].numel() == 0) continue;
        // Every problem is read before it is written, so that a right-hand side may lie where its solution will.
        if (same)
            r[i] = r[i].select(0, 0).contiguous();
        else if (!r[i].is_contiguous())
            r[i] = d[i].copy_(r[i]);
    }
    const auto read = [](const Tensor& t) { return t.defined() ? numbers<T>(t) : nullptr; };
    const auto write = [](const Tensor& t) { return t.mutable_data_ptr<T>(); };
    solver::kkt_solve<T>(views.problem, *system.kept, thread_count(), {read(r[0]), read(r[1]), read(r[2])},
                         {write(d[0]), write(d[1]), write(d[2])}, same, minus_z ? write(d[3]) : nullptr);
    return d;
}

} // namespace

Tensor allocate(at::IntArrayRef sizes, const at::TensorOptions& options) {
#if defined(OPTNET_WITH_CUDA)
    if (options.device().is_cuda())
        return at::detail::empty_cuda(sizes, at::typeMetaToScalarType(options.dtype()), options.device(), std::nullopt);
#endif
    if (!options.device().is_cpu()) return at::empty(sizes, options);
    static c10::Allocator& memory = tensor_memory();
    return at::detail::empty_generic(sizes, &memory, c10::DispatchKeySet(c10::DispatchKey::CPU),
                                     at::typeMetaToScalarType(options.dtype()), std::nullopt);
}

std::vector<Tensor> empty_results(const batch_system& system, const at::TensorOptions& options) {
    const solver::structure& shape = *system.structure;
    const auto make = [&](std::initializer_list<std::int64_t> sizes, const at::TensorOptions& as) {
        return allocate(with_batch(system, sizes), as);
    };
    std::vector<Tensor> results;
    const bool z_alone = !system.everything && !system.keep && !system.multipliers;
    results.reserve(z_alone ? 1 : system.everything ? 7 : 3);
    results.push_back(make({shape.n}, options));
    if (z_alone) return results;
    results.push_back(make({shape.p}, options));
    results.push_back(make({shape.m}, options));
    if (!system.everything) return results;
    results.push_back(make({shape.m}, options));
    results.push_back(make({}, options.dtype(at::kLong)));
    results.push_back(make({}, options.dtype(at::kLong)));
    results.push_back(make({3}, options.dtype(at::kDouble)));
    return results;
}

std::vector<Tensor> empty_directions(const batch_system& system, const at::TensorOptions& options, bool minus_z) {
    const solver::structure& shape = *system.structure;
    std::vector<Tensor> d;
    d.reserve(4);
    for (const std::int64_t size : {shape.n, shape.p, shape.m})
        d.push_back(allocate(with_batch(system, {size}), options));
    if (minus_z) d.push_back(allocate(d[0].sizes(), options));
    return d;
}

int thread_count() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }

std::vector<Tensor> cpu_solve(const batch_handle& system, const std::vector<Tensor>& tensors) {
    return options_of(tensors).dtype() == at::kDouble ? solve_typed<double>(*system, tensors)
                                                      : solve_typed<float>(*system, tensors);
}

std::vector<Tensor> cpu_kkt_solve(const batch_handle& system, const std::vector<Tensor>& tensors, bool minus_z) {
    if (!system->kept) throw Error("this solve kept nothing for a derivative");
    return options_of(tensors).dtype() == at::kDouble ? kkt_solve_typed<double>(*system, tensors, minus_z)
                                                      : kkt_solve_typed<float>(*system, tensors, minus_z);
}

std::vector<Tensor> solve_on_cpu(const batch_handle& system, const optional_list& tensors) {
    return cpu_solve(system, from_list(tensors));
}

std::vector<Tensor> kkt_solve_on_cpu(const batch_handle& system, const optional_list& tensors, bool minus_z) {
    return cpu_kkt_solve(system, from_list(tensors), minus_z);
}

std::vector<Tensor> solve_shapes(const batch_handle& system, const optional_list& tensors) {
    return empty_results(*system, options_of(from_list(tensors)));
}

std::vector<Tensor> kkt_solve_shapes(const batch_handle& system, const optional_list& tensors, bool minus_z) {
    return empty_directions(*system, options_of(from_list(tensors)), minus_z);
}

optional_list to_list(const std::vector<Tensor>& tensors) {
    optional_list list;
    list.reserve(tensors.size());
    for (const Tensor& t : tensors) list.push_back(t.defined() ? std::optional<Tensor>(t) : std::nullopt);
    return list;
}

std::vector<Tensor> from_list(const optional_list& list) {
    std::vector<Tensor> tensors;
    tensors.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) tensors.push_back(list.get(i).value_or(Tensor()));
    return tensors;
}

} // namespace optnet
