// SPDX-License-Identifier: Apache-2.0
// Whole batches of 128, or one problem, forward (with what the gradient needs kept, too) and backward (one kkt_solve);
// the time of one problem is the counter. Forward passes are labelled with the form that was chosen, and show GFLOP/s
// by the operations that it is estimated at (`explain`), and their share of what a large product of matrices reaches,
// which is measured in the same run and printed before the table.
//
//     solver_bench --benchmark_filter=forward/100/shared

#include "peak.hpp"
#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/element.hpp"
#include "solver/algorithm/shared_interior.hpp"
#include "solver/degenerate.hpp"
#include "solver/detect.hpp"
#include "solver/factorization.hpp"
#include "solver/families.hpp"
#include "solver/models.hpp"
#include "solver/sparse_models.hpp"

#include <benchmark/benchmark.h>

#include <ctime>
#include <string>

using namespace problems;

namespace {

template <class T> struct outputs {
    outputs(std::int64_t batch, const solver::structure& s)
        : z(count(batch, s.n)), nu(count(batch, s.p)), lambda(count(batch, s.m)), slack(count(batch, s.m)),
          status(count(batch, 1)) {}
    static std::size_t count(std::int64_t batch, int n) { return static_cast<std::size_t>(batch * n); }
    solver::solution<T> where() {
        return {z.data(), nu.data(), lambda.data(), slack.data(), status.data(), nullptr, nullptr};
    }
    std::vector<T> z, nu, lambda, slack;
    std::vector<std::int64_t> status;
};

void per_problem(benchmark::State& state, std::int64_t batch) {
    state.counters["problem"] = benchmark::Counter(
        static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// The rate by the estimate of the form that is chosen, once as many iterations took so many seconds.
template <class T> void rate(benchmark::State& state, const solver::problem<T>& given, bool by_bounds, double seconds) {
    const auto seen = solver::detect(given);
    const solver::problem<T> batch = seen ? seen->of(given) : given;
    const bool shared = solver::shares_matrices(batch);
    solver::plan made = solver::make_plan(*batch.shape, shared);
    const char* const forms[] = {"form D", "form P", "sparse form", "form B"};
    if (by_bounds) made.chosen = solver::form::bounds; // in plain matrices it is found, not chosen
    const double reached =
        1e-9 * made.operations(batch.batch, shared) * static_cast<double>(state.iterations()) / seconds;
    state.counters["GFLOP/s"] = reached;
    state.counters["of_product"] = reached / peak::of(solver::cpu::dense<T>()).product;
    state.SetLabel(forms[static_cast<int>(made.chosen)]);
}

template <class T> void forward(benchmark::State& state, const solver::problem<T>& batch, int threads, bool keep) {
    outputs<T> out(batch.batch, *batch.shape);
    std::shared_ptr<solver::factorization> kept;
    solver::solve(batch, {}, threads, out.where(), &kept);
    const bool by_bounds = kept->by_bounds;
    kept.reset();
    const std::clock_t begin = std::clock();
    for (auto _ : state) solver::solve(batch, {}, threads, out.where(), keep ? &kept : nullptr);
    rate(state, batch, by_bounds, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    for (const std::int64_t s : out.status)
        if (s != 0) state.SkipWithError("a problem was not solved");
    per_problem(state, batch.batch);
}

template <class T> void backward(benchmark::State& state, const solver::problem<T>& batch, int threads) {
    outputs<T> out(batch.batch, *batch.shape), d(batch.batch, *batch.shape);
    std::shared_ptr<solver::factorization> kept;
    solver::solve(batch, {}, threads, out.where(), &kept);
    const std::vector<T> ones(out.z.size(), T(1));
    for (auto _ : state)
        solver::kkt_solve<T>(batch, *kept, threads, {ones.data(), nullptr, nullptr},
                             {d.z.data(), d.nu.data(), d.lambda.data()});
    per_problem(state, batch.batch);
}

/// The interior point of a batch that shares its matrices by itself, from afar to the tolerance of the type: the active
/// sets leave it nothing but degenerate problems.
template <class T> void interior(benchmark::State& state, const dense<double>& d) {
    const view<double> v(d);
    solver::operators data;
    data.load(v.batch, 0);
    solver::dual_form form;
    if (!form.set_up(data, 1e-12, solver::kept_rows::all)) return state.SkipWithError("Q is not convex");
    const auto m = static_cast<std::size_t>(d.m), size = m * static_cast<std::size_t>(d.batch);
    std::vector<double> right(size), lambda(size), s(size);
    std::vector<solver::element> elements(static_cast<std::size_t>(d.batch));
    std::vector<solver::interior_member> members;
    for (std::size_t k = 0; k < elements.size(); ++k) {
        solver::element& e = elements[k];
        e.load(v.batch, static_cast<std::int64_t>(k), data, {}, 1e-8);
        std::vector<double> z = e.q, nu = e.b;
        for (double& x : z) x = -x;
        form.forward(z.data(), nu.data());
        form.inequality_products(z.data(), nu.data(), right.data() + k * m);
        for (std::size_t i = 0; i < m; ++i) right[k * m + i] = e.h[i] - right[k * m + i];
        members.push_back({right.data() + k * m, e.floor.data(), lambda.data() + k * m, s.data() + k * m});
    }
    solver::shared_interior<T> method;
    for (auto _ : state) {
        std::fill(lambda.begin(), lambda.end(), 0.0);
        std::fill(s.begin(), s.end(), 0.0);
        method.set_up(form.r_row(0), d.m);
        method.run(members, sizeof(T) == 8 ? 1e-8 : 1e-4, 0.1, 60, 0);
    }
    double iterations = 0;
    for (const auto& one : members) {
        iterations += one.iterations;
        if (!one.converged) state.SkipWithError("a problem did not converge");
    }
    state.counters["iterations"] = iterations / static_cast<double>(d.batch);
    per_problem(state, d.batch);
}

template <class F> void add(const std::string& what, int threads, const F& run) {
    std::string name = what;
    name.append("/threads:").append(std::to_string(threads));
    benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime();
}

template <class T> void add_dense(const std::string& name, const dense<T>& made) {
    const auto data = std::make_shared<dense<T>>(made);
    const auto batch = std::make_shared<view<T>>(*data);
    for (const int threads : {1, 2}) {
        add("forward/" + name, threads, [=](benchmark::State& s) { forward(s, batch->batch, threads, false); });
        add("forward_keep/" + name, threads, [=](benchmark::State& s) { forward(s, batch->batch, threads, true); });
        add("backward/" + name, threads, [=](benchmark::State& s) {
            static_cast<void>(data); // what the view looks at
            backward(s, batch->batch, threads);
        });
    }
}

template <class T> void add_dense(const std::string& name, int n, std::int64_t size, bool shared) {
    add_dense(name, random<T>(n, 0, n, size, shared, 1));
}

/// DC3's matrices with right-hand sides that many points satisfy.
dense<double> dc3_batch(std::int64_t size) {
    const dense<double> one = dc3(100, 50, 50, 1);
    dense<double> d = zeros(100, 50, 50, size);
    d.Q = one.Q;
    d.A = one.A;
    d.G = one.G;
    numbers draw(2);
    for (std::int64_t k = 0; k < size; ++k) {
        dense<double> e = one;
        std::vector<double> z0(100), slack(50);
        for (double& v : z0) v = 0.3 * draw.normal();
        for (double& v : slack) v = 0.2 * draw.uniform();
        pass_through(e, z0, slack);
        std::copy(e.q.begin(), e.q.end(), d.q.begin() + k * 100);
        std::copy(e.b.begin(), e.b.end(), d.b.begin() + k * 50);
        std::copy(e.h.begin(), e.h.end(), d.h.begin() + k * 50);
    }
    return d;
}

/// Q = PP' + 1e-4 I and everything else from U(0, 1); n / 2 equalities and n inequalities that z = 1 satisfies.
dense<double> random_dense(int n) {
    dense<double> d = zeros(n, n / 2, n);
    numbers draw(3);
    std::vector<double> P(static_cast<std::size_t>(n * n));
    for (double& v : P) v = draw.uniform();
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            d.Qat(0, i, j) = i == j ? 1e-4 : 0.0;
            for (int c = 0; c < n; ++c)
                d.Qat(0, i, j) += P[static_cast<std::size_t>(i * n + c)] * P[static_cast<std::size_t>(j * n + c)];
        }
    for (std::vector<double>* v : {&d.q, &d.G, &d.A})
        for (double& x : *v) x = draw.uniform();
    const auto size = static_cast<std::size_t>(n);
    pass_through(d, std::vector<double>(size, 1.0), std::vector<double>(size, 1.0));
    return d;
}

dense<float> in_single(const dense<double>& d) {
    const auto of = [](const std::vector<double>& v) { return std::vector<float>(v.begin(), v.end()); };
    return {d.n, d.p, d.m, d.batch, d.shared, of(d.Q), of(d.A), of(d.G), of(d.q), of(d.b), of(d.h)};
}

void add_model(const std::string& name, const model& made) {
    const auto data = std::make_shared<model>(made);
    for (const int threads : {1, 2}) {
        add("forward_keep/" + name, threads, [=](benchmark::State& s) { forward(s, data->problem(), threads, true); });
        add("backward/" + name, threads, [=](benchmark::State& s) { backward(s, data->problem(), threads); });
    }
}

} // namespace

int main(int argc, char** argv) {
    add_dense<double>("10/shared", 10, 128, true);
    add_dense<double>("10/own", 10, 128, false);
    add_dense<double>("50/shared", 50, 128, true);
    add_dense<double>("50/own", 50, 128, false);
    add_dense<double>("100/shared", 100, 128, true);
    add_dense<double>("100/own", 100, 128, false);
    for (const int n : {50, 100, 200}) {
        if (n > 100) add_dense<double>(std::to_string(n) + "/shared", n, 128, true);
        add_dense<float>(std::to_string(n) + "/shared/float", n, 128, true);
    }
    add_dense<double>("10/one", 10, 1, true);
    add_dense<double>("100/one", 100, 1, true);
    for (const int n : {50, 100}) {
        const std::string size = std::to_string(n);
        const auto plain = std::make_shared<dense<double>>(random<double>(n, 0, n, 128, true, 1));
        add("interior/" + size, 1, [=](benchmark::State& s) { interior<double>(s, *plain); });
        add("interior/" + size + "/float", 1, [=](benchmark::State& s) { interior<float>(s, *plain); });
        // A gradient at solutions where a quarter of the rows hold with a multiplier of 0.
        const dense<double> degenerate = make_kinks(n, n, n / 2, n / 4, 128, 1).data;
        add_dense("kinks/" + size, degenerate);
        add_dense("kinks/" + size + "/float", in_single(degenerate));
    }
    add_dense("learned_sudoku", learned_sudoku(128, 1));
    add_dense("dc3", dc3_batch(128));
    for (const int n : {20, 100, 450}) add_dense("random_dense/" + std::to_string(n), random_dense(n));
    add_model("mini_sudoku", mini_sudoku(128, 1));
    add_model("total_variation/25", denoising(25, 128, 13, 1));
    add_model("total_variation/100", denoising(100, 128, 13, 1));
    for (const int n : {20, 1000, 100000}) add_model("simplex/" + std::to_string(n), simplex(n, 1, 1));
    for (const int n : {20, 1000}) add_model("simplex/" + std::to_string(n) + "/128", simplex(n, 128, 1));
    // The same numbers as plain matrices, in which the zeros have to be found.
    add_dense("simplex/20/plain", in_dense(simplex(20, 1, 1)));
    add_dense("simplex/1000/plain", in_dense(simplex(1000, 1, 1)));
    add_dense("total_variation/100/plain", in_dense(denoising(100, 128, 13, 1)));
    add_model("chain/200", chain(2, 1, 1));
    add_model("chain/1000", chain(10, 1, 1));
    add_model("chain/200/128", chain(2, 128, 1));
    add_model("portfolio/10", portfolio(10, 1, 1));
    add_model("portfolio/10/128", portfolio(10, 128, 1));
    add_model("value_at_risk/20/40", value_at_risk(20, 40, 1, 1));
    add_model("value_at_risk/20/40/128", value_at_risk(20, 40, 128, 1));
    add_model("value_at_risk/100/200", value_at_risk(100, 200, 1, 1));
    add_model("value_at_risk/100/200/32", value_at_risk(100, 200, 32, 1));
    const peak::rates &wide = peak::of(solver::cpu::dense<double>()), &narrow = peak::of(solver::cpu::dense<float>());
    const auto add_rates = [](const char* type, const peak::rates& r) {
        benchmark::AddCustomContext(std::string(type) + ", one core, GFLOP/s",
                                    "in registers " + std::to_string(r.registers) + ", product of 512 x 512 " +
                                        std::to_string(r.product));
    };
    add_rates("double", wide);
    add_rates("float", narrow);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
