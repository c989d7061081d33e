// SPDX-License-Identifier: Apache-2.0
// `_solve` and `_kkt_solve` on a GPU: torch's current stream, its allocator, its device. What the GPU's road hands over
// is solved on the CPU, problem by problem, so that no bit of a problem depends on its neighbours.

#include "optnet/torch/error.hpp"
#include "solver/cuda/sparse_launch.hpp"
#include "torch/batch_system.hpp"
#include "torch/block_algebra.hpp"
#include "torch/cuda_schedules.hpp"

#include <ATen/ATen.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace optnet {

namespace cuda = solver::cuda;
using at::Tensor;

/// What a solve on a GPU leaves behind for the derivative.
struct gpu_batch {
    /// A problem whose gradient the CPU has, with its own system and matrices.
    struct on_cpu {
        std::int64_t place;
        batch_handle system;
        std::vector<Tensor> matrices;
    };
    cuda::launch_plan plan;
    Tensor workspace;                     ///< bytes on the GPU
    std::optional<gpu_schedule> schedule; ///< of the sparse form, where it was solved on that
    cuda::sparse_plan sparse;
    std::vector<on_cpu> elsewhere;
};

namespace {

template <class T> T* writable(const Tensor& t) { return static_cast<T*>(t.mutable_data_ptr()); }
template <class T> const T* readable(const Tensor& t) {
    return t.defined() ? static_cast<const T*>(t.const_data_ptr()) : nullptr;
}

void check(cuda::error code, const char* what) {
    if (code != nullptr) throw Error(std::string(what) + " on the GPU failed: " + code);
}

Tensor first_defined(const std::vector<Tensor>& tensors) {
    for (const Tensor& t : tensors)
        if (t.defined()) return t;
    throw Error("the batch has no tensor that would say dtype and device");
}

/// The rank that a tensor of the list has without a batch.
std::int64_t rank_of_place(const batch_system& system, std::size_t place) {
    if (place >= system.sources) return 1;
    for (const solver::block& b : system.structure->blocks)
        if (b.source == static_cast<int>(place)) return rank_of(b.kind);
    return 0; // nothing reads it
}

/// The part of problem k.
Tensor of_problem(const batch_system& system, const Tensor& t, std::int64_t k) {
    return system.unbatched ? t : t.select(0, k);
}

bool batched(const Tensor& t, std::int64_t rank, std::int64_t batch) { return t.dim() != rank && t.size(0) == batch; }

/// Nothing is copied: strides carry transposed, sliced and expanded tensors.
template <class T> solver::matrix_view<T> view(const Tensor& t, std::int64_t rank, std::int64_t batch) {
    return {readable<T>(t), batched(t, rank, batch) ? t.stride(0) : 0, rank > 0 ? t.stride(-rank) : 0,
            rank == 2 ? t.stride(-1) : 1};
}

/// A batch as views of its tensors.
template <class T> struct viewed_batch {
    std::vector<solver::matrix_view<T>> data;
    solver::problem<T> problem;
    solver::starting_points<T> start;

    viewed_batch(const batch_system& system, const std::vector<Tensor>& tensors) : data(system.sources) {
        for (std::size_t i = 0; i < system.sources; ++i)
            if (tensors[i].defined()) data[i] = view<T>(tensors[i], rank_of_place(system, i), system.batch);
        problem.shape = system.structure.get();
        problem.batch = system.batch;
        problem.data = data.data();
        const auto read = [&](solver::vector_view<T>& to, const Tensor& t) {
            if (!t.defined()) return;
            const solver::matrix_view<T> of = view<T>(t, 1, system.batch);
            to = {of.data, of.batch_stride, of.row_stride};
        };
        read(problem.q, tensors[system.sources]);
        read(problem.b, tensors[system.sources + 1]);
        read(problem.h, tensors[system.sources + 2]);
        read(start.z, system.start[0]);
        read(start.nu, system.start[1]);
        read(start.lambda, system.start[2]);
    }
    viewed_batch(const viewed_batch&) = delete;
    viewed_batch& operator=(const viewed_batch&) = delete;
};

/// True if no block has numbers of its own per problem.
bool shares_matrices(const batch_system& system, const std::vector<Tensor>& tensors) {
    for (std::size_t i = 0; i < system.sources; ++i)
        if (tensors[i].defined() && batched(tensors[i], rank_of_place(system, i), system.batch)) return false;
    return true;
}

Tensor bytes_on_gpu(std::size_t count, const at::TensorOptions& options) {
    return allocate({static_cast<std::int64_t>(count)}, options.dtype(at::kByte));
}

/// Queues the solve on the form that the structure has, with what it leaves in `kept`.
template <class T>
void queue_solve(const batch_system& system, const std::vector<Tensor>& tensors, gpu_batch& kept,
                 const cuda::outputs& out, const at::TensorOptions& options) {
    const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream();
    const viewed_batch<T> given(system, tensors);
    if (cuda::sparse_refusal(*system.structure, shares_matrices(system, tensors)).empty()) {
        kept.schedule = schedule_on_gpu(*system.structure, options.device());
        c10::cuda::CUDACachingAllocator::recordStream(kept.schedule->words.storage().data_ptr(), stream);
        const cuda::sparse_shape shape = kept.schedule->shape();
        const cuda::sparse_batch batch = cuda::make_sparse_batch(given.problem, system.how, given.start);
        check(cuda::plan_sparse(shape, batch, system.keep, kept.sparse), "planning a solve");
        kept.workspace = bytes_on_gpu(kept.sparse.workspace, options);
        check(cuda::solve_sparse(shape, batch, kept.sparse, kept.workspace.mutable_data_ptr(), out, stream.stream()),
              "a solve");
        return;
    }
    const cuda::device_batch batch = cuda::make_batch(given.problem, system.how, given.start);
    check(cuda::plan_launch(batch, system.keep, stream.stream(), kept.plan), "planning a solve");
    kept.workspace = bytes_on_gpu(kept.plan.workspace, options);
    check(cuda::solve(batch, kept.plan, kept.workspace.mutable_data_ptr(), out, stream.stream()), "a solve");
}

/// The same for the derivative's system.
void queue_kkt_solve(const gpu_batch& kept, const cuda::kkt_arguments& x, const at::TensorOptions& options) {
    const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream();
    c10::cuda::CUDACachingAllocator::recordStream(kept.workspace.storage().data_ptr(), stream);
    void* const workspace = kept.workspace.mutable_data_ptr();
    const std::size_t bytes = kept.schedule ? kept.sparse.scratch : kept.plan.scratch;
    const Tensor memory = bytes > 0 ? bytes_on_gpu(bytes, options) : Tensor();
    void* const scratch = bytes > 0 ? memory.mutable_data_ptr() : nullptr;
    if (!kept.schedule)
        return check(cuda::kkt_solve(kept.plan, workspace, scratch, x, stream.stream()), "a derivative");
    c10::cuda::CUDACachingAllocator::recordStream(kept.schedule->words.storage().data_ptr(), stream);
    check(cuda::kkt_solve_sparse(kept.schedule->shape(), kept.sparse, workspace, scratch, x, stream.stream()),
          "a derivative");
}

/// Solves problem k on the CPU and puts its results in their places; if only its gradient is wanted, only that is kept.
void solve_one_on_cpu(batch_system& system, const std::vector<Tensor>& tensors, std::int64_t k, bool results_too,
                      std::vector<Tensor>& results, std::vector<std::int64_t>& statuses) {
    const auto one = c10::make_intrusive<batch_system>();
    one->structure = system.structure;
    one->how = system.how;
    one->everything = true;
    one->keep = system.keep;
    one->sources = system.sources;
    std::vector<Tensor> own = tensors;
    for (std::size_t i = 0; i < own.size(); ++i) {
        Tensor& t = own[i];
        if (!t.defined()) continue;
        const std::int64_t rank = rank_of_place(system, i);
        if (t.dim() != rank) t = t.select(0, batched(t, rank, system.batch) ? k : 0);
        t = t.cpu();
    }
    const std::vector<Tensor> found = solve_on_cpu(one, to_list(own));
    if (results_too) {
        statuses[static_cast<std::size_t>(k)] = found[4].item<std::int64_t>();
        for (std::size_t i = 0; i < results.size(); ++i) of_problem(system, results[i], k).copy_(found[i].select(0, 0));
    }
    if (!system.keep) return;
    own.resize(system.sources);
    system.on_gpu->elsewhere.push_back({k, one, own});
}

/// Marks what has no derivative, and does what the caller wants of failed elements.
void conclude(batch_system& system, const std::vector<std::int64_t>& statuses, std::vector<Tensor>& results) {
    const at::Device device = results[0].device();
    const bool all = std::all_of(statuses.begin(), statuses.end(), found_solution);
    Tensor solved;
    if (!all) {
        solved = at::empty({system.batch, 1}, at::kBool);
        std::transform(statuses.begin(), statuses.end(), solved.mutable_data_ptr<bool>(), found_solution);
        solved = solved.to(device);
    }
    if (system.keep) {
        system.solved = solved;
        if (system.everything) {
            // Neither infinite nor NaN, in one operation: no slack of a solution is -inf.
            system.finite_slack =
                results[3].reshape({system.batch, system.structure->m}).lt(std::numeric_limits<double>::infinity());
            if (solved.defined()) system.finite_slack = system.finite_slack.logical_and(solved);
        }
    }
    if (system.everything || all) return;
    if (system.how.on_failure == on_failure::raise) raise_failed(statuses, system.unbatched);
    if (system.how.on_failure == on_failure::nan)
        results[0].masked_fill_(system.unbatched ? solved.reshape({1}).logical_not() : solved.logical_not(),
                                std::numeric_limits<double>::quiet_NaN());
}

template <class T> std::vector<Tensor> solve_typed(batch_system& system, const std::vector<Tensor>& tensors) {
    const auto kept = std::make_shared<gpu_batch>();
    const at::TensorOptions on_device = first_defined(tensors).options();
    std::vector<Tensor> results = empty_results(system, on_device);
    // Statuses, and behind them 32-bit words that say what is handed over. The kernels, which never read them, write
    // them straight into pinned memory of the host: under unified addressing its pointers are theirs, too.
    const Tensor words = at::empty({2 * system.batch}, at::TensorOptions().dtype(at::kLong).pinned_memory(true));
    solver::solution<T> to;
    to.status = writable<std::int64_t>(words);
    to.z = writable<T>(results[0]);
    if (results.size() > 1) {
        to.nu = writable<T>(results[1]);
        to.lambda = writable<T>(results[2]);
    }
    if (system.everything) {
        to.s = writable<T>(results[3]);
        to.iterations = writable<std::int64_t>(results[5]);
        to.residuals = writable<double>(results[6]);
    }
    const cuda::outputs out(to, reinterpret_cast<std::int32_t*>(to.status + system.batch));
    queue_solve<T>(system, tensors, *kept, out, on_device);
    if (system.keep) system.on_gpu = kept;

    // Here the host waits: the statuses decide what happens to failed elements.
    c10::cuda::getCurrentCUDAStream().synchronize();
    const std::int64_t* const first = to.status;
    std::vector<std::int64_t> statuses(first, first + system.batch);
    if (system.everything) results[4].copy_(words.narrow(0, 0, system.batch).view_as(results[4]), true);
    const auto* handed = reinterpret_cast<const std::int32_t*>(first + system.batch);
    for (std::int64_t k = 0; k < system.batch; ++k) {
        const auto why = static_cast<cuda::handed_over>(handed[k]);
        if (why == cuda::handed_over::no) continue;
        solve_one_on_cpu(system, tensors, k, why != cuda::handed_over::degenerate, results, statuses);
    }
    conclude(system, statuses, results);
    return results;
}

std::vector<Tensor> move_all(const std::vector<Tensor>& tensors, at::Device device) {
    std::vector<Tensor> moved = tensors;
    for (Tensor& t : moved)
        if (t.defined()) t = t.to(device);
    return moved;
}

void refuse_capture() {
    if (c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None)
        throw Error("a solve cannot be captured in a CUDA graph, since the host looks at its statuses: capture what "
                    "comes before and after it");
}

template <class T>
std::vector<Tensor> kkt_solve_typed(const batch_system& system, const std::vector<Tensor>& tensors, bool minus_z) {
    const gpu_batch& kept = *system.on_gpu;
    const at::TensorOptions options = first_defined(tensors).options();
    std::vector<Tensor> d = empty_directions(system, options, minus_z);
    Tensor r[3];
    for (std::size_t i = 0; i < 3; ++i)
        if (const Tensor& given = tensors[system.sources + i]; given.defined())
            r[i] = (given.sizes() == d[i].sizes() ? given : given.expand_as(d[i])).contiguous();
    queue_kkt_solve(kept,
                    cuda::arguments<T>({readable<T>(r[0]), readable<T>(r[1]), readable<T>(r[2])},
                                       {writable<T>(d[0]), writable<T>(d[1]), writable<T>(d[2])},
                                       minus_z ? writable<T>(d[3]) : nullptr),
                    options);
    for (const gpu_batch::on_cpu& e : kept.elsewhere) {
        std::vector<Tensor> own = e.matrices;
        for (const Tensor& part : r) own.push_back(part.defined() ? of_problem(system, part, e.place).cpu() : Tensor());
        const std::vector<Tensor> found = cpu_kkt_solve(e.system, own, false);
        for (std::size_t i = 0; i < 3; ++i) of_problem(system, d[i], e.place).copy_(found[i].select(0, 0));
        if (minus_z) of_problem(system, d[3], e.place).copy_(-found[0].select(0, 0));
    }
    return d;
}

} // namespace

std::vector<Tensor> cuda_solve(const batch_handle& system, std::vector<Tensor> tensors) {
    const at::Device device = first_defined(tensors).device();
    const c10::cuda::CUDAGuard guard(device);
    refuse_capture();
    if (!cuda::refusal(*system->structure).empty() &&
        !cuda::sparse_refusal(*system->structure, shares_matrices(*system, tensors)).empty()) {
        for (Tensor& t : system->start)
            if (t.defined()) t = t.cpu();
        std::vector<Tensor> results = move_all(cpu_solve(system, move_all(tensors, at::kCPU)), device);
        if (system->solved.defined()) system->solved = system->solved.to(device);
        if (system->finite_slack.defined()) system->finite_slack = system->finite_slack.to(device);
        return results;
    }
    for (Tensor& t : tensors)
        if (t.defined()) t = t.resolve_neg();
    for (Tensor& t : system->start)
        if (t.defined()) t = t.resolve_neg();
    return first_defined(tensors).scalar_type() == at::kDouble ? solve_typed<double>(*system, tensors)
                                                               : solve_typed<float>(*system, tensors);
}

std::vector<Tensor> cuda_kkt_solve(const batch_handle& system, std::vector<Tensor> tensors, bool minus_z) {
    const at::Device device = first_defined(tensors).device();
    const c10::cuda::CUDAGuard guard(device);
    refuse_capture();
    if (!system->on_gpu) return move_all(cpu_kkt_solve(system, move_all(tensors, at::kCPU), minus_z), device);
    for (Tensor& t : tensors)
        if (t.defined()) t = t.resolve_neg();
    return first_defined(tensors).scalar_type() == at::kDouble ? kkt_solve_typed<double>(*system, tensors, minus_z)
                                                               : kkt_solve_typed<float>(*system, tensors, minus_z);
}

std::vector<Tensor> solve_on_cuda(const batch_handle& system, const optional_list& tensors) {
    return cuda_solve(system, from_list(tensors));
}

std::vector<Tensor> kkt_solve_on_cuda(const batch_handle& system, const optional_list& tensors, bool minus_z) {
    return cuda_kkt_solve(system, from_list(tensors), minus_z);
}

} // namespace optnet
