// SPDX-License-Identifier: Apache-2.0
// The host's side of launches, against a double of the CUDA runtime: what is asked for can be had, on the caller's
// stream, whatever was planned in between.

#include "catch.hpp"
#include "cuda/runtime_double.hpp"
#include "problems.hpp"
#include "solver/cuda/slices.hpp"
#include "solver/cuda/sparse_launch.hpp"
#include "sparse_models.hpp"

#include <algorithm>
#include <array>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// Addresses that nobody reads.
char somewhere[3];
void* const workspace = somewhere;
void* const scratch = somewhere + 1;
CUstream_st* const stream = reinterpret_cast<CUstream_st*>(somewhere + 2);

/// A batch of dense problems without data.
struct dense_batch {
    solver::structure shape;
    cuda::device_batch of;

    dense_batch(int n, int p, int m, std::int64_t batch, bool shared) {
        shape.n = n;
        shape.p = p;
        shape.m = m;
        const int rows[] = {n, p, m};
        std::array<solver::matrix_view<double>, 3> views;
        for (int which = 0; which < 3; ++which) {
            const auto where = static_cast<solver::matrix>(which);
            shape.blocks.push_back({where, solver::block_kind::dense, 0, 0, rows[which], n, 0, 0, which});
            views[static_cast<std::size_t>(which)] = {nullptr, shared ? 0 : std::int64_t{rows[which]} * n, n, 1};
        }
        solver::problem<double> given;
        given.shape = &shape;
        given.batch = batch;
        given.data = views.data();
        of = cuda::make_batch(given, {});
    }
};

const cuda::outputs nothing(solver::solution<double>{}, nullptr);
cuda::kkt_arguments right_side() { return cuda::arguments<double>({}, {}); }

bool names(const gpu::launch& l, const std::string& kernel) { return l.kernel.find(kernel) != std::string::npos; }

/// Threads of a block that a kernel is compiled for, by its launch bounds.
unsigned most_threads(const gpu::launch& l) {
    if (names(l, "load_kernel")) return 1024;
    if (names(l, "13set_up_kernel") || names(l, "conclude_kernel")) return 512; // the dense form's
    if (names(l, "scale_kernel") || names(l, "kkt_group_kernelILi512E")) return 512;
    return names(l, "kernelILi256E") || names(l, "slice_kernel") ? 256 : static_cast<unsigned>(cuda::lanes);
}

/// The launches since the last call.
std::vector<gpu::launch> launched() {
    for (const cudaStream_t s : gpu::runtime::get().cleared) CHECK(s == stream);
    gpu::runtime::get().cleared.clear();
    std::vector<gpu::launch> made = std::exchange(gpu::runtime::get().launches, {});
    for (const gpu::launch& l : made) {
        CAPTURE(l.kernel);
        CHECK(l.stream == stream);
        CHECK(l.block.x <= most_threads(l)); // what the kernels' registers are counted for
    }
    return made;
}

} // namespace

TEST_CASE("dense batches of all sizes: launches that a GPU takes") {
    struct one {
        int n, p, m;
        std::int64_t batch;
        const char* kernel;
    };
    const one all[] = {{6, 1, 8, 100000, "solve_thread_kernel"}, {8, 8, 8, 1000000, "solve_thread_kernel"},
                       {32, 32, 32, 128, "solve_warp_kernel"},   {20, 5, 30, 100000, "solve_warp_kernel"},
                       {40, 0, 40, 1, "solve_kernel"},           {100, 0, 100, 10000, "solve_kernel"},
                       {100, 0, 100, 500, "solve_kernel"},       {100, 50, 100, 100000, "solve_kernel"},
                       {50, 0, 50, 10000, "solve_kernel"},       {150, 0, 180, 128, "solve_kernel"}};
    for (const gpu::size& of : {gpu::a100, gpu::h100})
        for (const one& x : all)
            for (const bool shared : {true, false})
                for (const bool keep : {true, false}) {
                    gpu::runtime::get().of = of;
                    CAPTURE(of.processors, x.n, x.p, x.m, x.batch, shared, keep);
                    const dense_batch b(x.n, x.p, x.m, x.batch, shared);
                    cuda::launch_plan plan;
                    REQUIRE(cuda::plan_launch(b.of, keep, stream, plan) == nullptr);
                    REQUIRE_FALSE(plan.libraries);
                    const std::int64_t teams = plan.teams;
                    CHECK(teams > 0);
                    // One set per problem for a gradient, one per team else; each piece behind the one before.
                    CHECK(plan.sets == (shared ? 1 : keep ? x.batch : teams));
                    CHECK(plan.first_kept >= plan.first_set + static_cast<std::size_t>(plan.sets) * plan.set_bytes);
                    CHECK(plan.first_far >=
                          plan.first_kept + (keep ? static_cast<std::size_t>(x.batch) * plan.kept_bytes : 0));
                    CHECK(plan.queue >= plan.first_far + static_cast<std::size_t>(teams) * plan.solve.far);
                    CHECK(plan.first_road >= plan.queue + static_cast<std::size_t>(x.batch) * sizeof(std::int64_t));
                    CHECK(plan.workspace >= plan.first_road + static_cast<std::size_t>(plan.roads) * plan.road_bytes);
                    REQUIRE(cuda::solve(b.of, plan, workspace, nothing, stream) == nullptr);
                    const auto made = launched();
                    // Matrices that are shared: by one block, by slices where they fit into its memory, or by one block
                    // with R by many.
                    const bool fits = cuda::slice_words(std::max(x.n, x.p)) * 8 + 1024 <= of.block_memory;
                    const bool slices = x.n * x.n * x.n >= 100000 && fits;
                    const bool by_many = slices || std::int64_t{x.m} * x.m * (x.n + x.p) >= 600000;
                    const unsigned of_slices = x.p > 0 ? 4 : 3;
                    const unsigned before = shared ? (slices ? of_slices : 1) + (by_many ? 1 : 0) : 0;
                    REQUIRE(made.size() == before + 2);
                    if (shared && slices) {
                        CHECK(names(made[0], "read_kernel"));
                        CHECK(names(made[1], "scale_kernel"));
                        const auto blocks = static_cast<unsigned>(cuda::slices(x.p + x.m + x.n));
                        CHECK((names(made[2], "slice_kernel") && made[2].grid.x == blocks));
                        if (x.p > 0) CHECK(made[3].grid.x == static_cast<unsigned>(cuda::slices(x.m + x.p)));
                    }
                    if (by_many && shared) CHECK(names(made[before - 1], "product_kernel"));
                    CHECK(names(made[before], x.kernel));
                    if (plan.by == cuda::mapping::per_block) {
                        const bool few = x.batch <= of.processors;
                        CHECK(made[before].block.x == (few ? 256U : 128U));
                        CHECK(plan.swept == (x.m <= cuda::most_swept));
                        const auto memory = static_cast<std::size_t>(of.processor_memory);
                        const bool four = !few && 4 * (plan.solve.near + gpu::reserved) <= memory;
                        CHECK(plan.four == four);
                        if (!few) CHECK(names(made[before], four ? "ILi128ELi4E" : "ILi128ELi3E"));
                    }
                    CHECK(names(made.back(), "road_kernel"));
                    if (!keep) continue;
                    REQUIRE(cuda::kkt_solve(plan, workspace, scratch, right_side(), stream) == nullptr);
                    const auto derivative = launched();
                    REQUIRE(derivative.size() == 1);
                    if (plan.by != cuda::mapping::per_block) continue;
                    // By groups of eight where the matrices are shared and problems more than processors, in blocks of
                    // more threads where groups are few.
                    const bool grouped = shared && x.batch > of.processors;
                    CHECK(names(derivative[0], "kkt_group_kernel") == grouped);
                    const std::int64_t blocks = grouped ? (x.batch + 7) / 8 : x.batch;
                    CHECK(derivative[0].grid.x == std::min<std::int64_t>(blocks, 65536));
                    if (grouped) CHECK(derivative[0].block.x == (blocks <= of.processors ? 512U : 256U));
                }
    gpu::runtime::get().of = gpu::h100;
}

TEST_CASE("a plan holds when another has been made after it") {
    const dense_batch large(180, 0, 180, 10, true), small(40, 0, 40, 10, true);
    cuda::launch_plan of_large, of_small;
    REQUIRE(cuda::plan_launch(large.of, true, stream, of_large) == nullptr);
    REQUIRE(of_large.solve.near > gpu::least_dynamic);
    REQUIRE(cuda::plan_launch(small.of, true, stream, of_small) == nullptr);
    REQUIRE(of_small.solve.near < gpu::least_dynamic);
    CHECK(cuda::solve(large.of, of_large, workspace, nothing, stream) == nullptr);
    CHECK(cuda::kkt_solve(of_large, workspace, scratch, right_side(), stream) == nullptr);
    CHECK(launched().size() == 5);
}

TEST_CASE("batches on the sparse form: shared memory that all blocks of a processor have at a time") {
    struct one {
        model x;
        std::int64_t batch;
        const char* kernel;
    };
    one all[] = {{denoising(10, 1, 13, 1), 1, "sparse_warp_kernel"},
                 {denoising(100, 1, 13, 1), 1, "sparse_kernel"},
                 {denoising(100, 1, 13, 1), 1000, "sparse_warp_kernel"},
                 {denoising(100, 1, 13, 1), 100000, "sparse_thread_kernel"},
                 {simplex(20000, 1, 1), 1, "sparse_kernel"},
                 {simplex(20000, 1, 1), 500, "sparse_kernel"}};
    for (const gpu::size& of : {gpu::a100, gpu::h100})
        for (one& x : all)
            for (const bool keep : {true, false}) {
                gpu::runtime::get().of = of;
                CAPTURE(of.processors, x.kernel, x.batch, keep);
                solver::problem<double> given = x.x.problem();
                given.batch = x.batch;
                const cuda::sparse_shape shape = cuda::schedule(x.x.shape)->shape;
                cuda::sparse_plan plan;
                REQUIRE(cuda::plan_sparse(shape, cuda::make_sparse_batch(given, {}), keep, plan) == nullptr);
                REQUIRE(cuda::solve_sparse(shape, cuda::make_sparse_batch(given, {}), plan, workspace, nothing,
                                           stream) == nullptr);
                const auto made = launched();
                REQUIRE(made.size() == 2);
                CHECK(names(made[0], "sparse_set_up_kernel"));
                CHECK(names(made[1], x.kernel));
                CHECK((made[1].shared > 0) == (plan.by != cuda::mapping::per_thread));
                const auto together =
                    (made[1].grid.x + static_cast<unsigned>(of.processors) - 1) / static_cast<unsigned>(of.processors);
                CHECK(std::min(together, 3U) * (made[1].shared + gpu::reserved) <=
                      static_cast<std::size_t>(of.processor_memory) / 2);
                CHECK(plan.workspace <= std::size_t{5} << 30);
                if (!keep) continue;
                REQUIRE(cuda::kkt_solve_sparse(shape, plan, workspace, scratch, right_side(), stream) == nullptr);
                CHECK(launched().size() == 1);
            }
    gpu::runtime::get().of = gpu::h100;
}
