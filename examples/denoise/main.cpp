// SPDX-License-Identifier: Apache-2.0

// Total-variation denoising as a layer (OptNet, Amos & Kolter 2017, section 4.2): learns the weight of the penalty,
// then the difference operator itself, and compares with every weight of a grid.

#include "../support/progress.hpp"
#include "../support/table.hpp"
#include "signals.hpp"

#include <optnet/optnet.hpp>

#include <torch/optim/adam.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace optnet::words;
using torch::Tensor;

namespace fixed_operator { // the compiler knows that diff is banded
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"s"> s; // logarithm of the weight, which keeps it positive
constexpr auto tv = minimize(0.5 * sum_squares(z - y) + exp(s) * norm1(diff(z)));
} // namespace fixed_operator

namespace learned_operator {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"D", m, n> D;
constexpr nonneg<"lambda"> lambda;
constexpr auto tv = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
} // namespace learned_operator

namespace {

struct options {
    std::string data, out = "denoise-out", operator_start = "differences";
    std::int64_t signals = 1000, length = 100, weight_epochs = 15, operator_epochs = 10, batch = 150, seed = 0;
    double weight_rate = 0.1, operator_rate = 1e-3, penalty = 0;
};

/// Adam over shuffled batches; `answer` is the layer, `extra` a penalty. Returns the test error at the start and after
/// every epoch.
template <class Answer, class Extra>
std::vector<double> fit(const char* title, const signals::dataset& data, std::vector<Tensor> parameters, double rate,
                        std::int64_t epochs, std::int64_t batch_size, const Answer& answer, const Extra& extra) {
    torch::optim::Adam optimizer(std::move(parameters), torch::optim::AdamOptions(rate));
    std::vector<double> test_error;
    const auto test = [&] {
        const torch::NoGradGuard no_grad;
        test_error.push_back(torch::mse_loss(answer(data.test.noisy), data.test.clean).template item<double>());
    };
    const examples::stopwatch clock;
    test();
    for (std::int64_t e = 0; e < epochs; ++e) {
        const auto batches = torch::randperm(data.train.clean.size(0)).split(batch_size);
        examples::progress_bar bar(std::string(title) + ", epoch " + std::to_string(e + 1),
                                   static_cast<std::int64_t>(batches.size()));
        for (const Tensor& batch : batches) {
            optimizer.zero_grad();
            const Tensor loss = torch::mse_loss(answer(data.train.noisy.index_select(0, batch)),
                                                data.train.clean.index_select(0, batch));
            (loss + extra()).backward();
            optimizer.step();
            char note[40];
            std::snprintf(note, sizeof note, "mse %.3f", loss.item<double>());
            bar.step(note);
        }
        test();
    }
    std::printf("%s: test mse %.3f at the start, %.3f after %ld epochs, %.1f s\n", title, test_error.front(),
                test_error.back(), static_cast<long>(epochs), clock.seconds());
    return test_error;
}

/// The operator of total variation, so far off that it takes learning to denoise well; or nothing that is known.
Tensor start_of_operator(const std::string& which, std::int64_t length) {
    const Tensor noise = torch::randn({length - 1, length}, torch::kFloat64);
    if (which == "random") return 0.3 * noise;
    return torch::eye(length, torch::kFloat64).diff(1, 0) + 0.01 * noise;
}

void draw(const options& how, const signals::dataset& data, const Tensor& by_weight, const Tensor& by_operator,
          double learned_weight, double learned_error) {
    const std::filesystem::path out = how.out;
    std::vector<std::vector<double>> rows;
    for (std::int64_t i = 0; i < data.test.clean.size(1); ++i)
        rows.push_back({static_cast<double>(i), data.test.clean[0][i].item<double>(),
                        data.test.noisy[0][i].item<double>(), by_weight[0][i].item<double>(),
                        by_operator[0][i].item<double>()});
    examples::write_csv(out / "signal.csv", {"i", "clean", "noisy", "learned_weight", "learned_operator"}, rows);
    const auto file = [&](const char* name) { return "'" + (out / name).string() + "' skip 1 using "; };
    const std::string signal = file("signal.csv");
    if (examples::plot(
            out / "denoise",
            "set multiplot layout 1,3\nset grid\nset key bottom right\n"
            "set title 'an unseen signal'\nplot " +
                signal + "1:3 with points pt 7 ps 0.3 lc '#999999' title 'noisy', " + signal +
                "1:2 with lines lc '#000000' dt 2 title 'clean', " + signal +
                "1:4 with lines lw 2 lc '#1f6fb4' title 'learned weight', " + signal +
                "1:5 with lines lw 2 lc '#d1495b' title 'learned operator'\n"
                "set title 'test error by weight'\nset xlabel 'weight'\nset key top right\nset logscale y\nplot " +
                file("grid.csv") +
                "1:2 with lines lw 2 lc '#1f6fb4' title 'grid', '-' using 1:2 with points pt 7 ps 1.3 lc "
                "'#d1495b' title 'learned'\n" +
                std::to_string(learned_weight) + "," + std::to_string(learned_error) +
                "\ne\nset title 'test error while D is learned'\nset xlabel 'epoch'\nplot " + file("operator.csv") +
                "1:2 with linespoints pt 7 ps 0.5 lc '#d1495b' title 'learned operator', " +
                std::to_string(learned_error) +
                " with lines dt 2 lc '#1f6fb4' title 'D = differences'\nunset multiplot\n",
            1350))
        std::printf("picture: %s\n", (out / "denoise.png").c_str());
}

void run(const options& how) {
    const auto seed = static_cast<std::uint64_t>(how.seed);
    const signals::dataset data = how.data.empty() ? signals::piecewise_constant(how.signals, how.length, seed)
                                                   : signals::measured(how.data, how.length, 20, seed);
    std::printf("%ld signals to learn from, %ld unseen, %ld points each\n", static_cast<long>(data.train.clean.size(0)),
                static_cast<long>(data.test.clean.size(0)), static_cast<long>(data.test.clean.size(1)));
    const std::filesystem::path out = how.out;
    const auto error = [&](const Tensor& z) { return torch::mse_loss(z, data.test.clean).item<double>(); };
    std::printf("noise: test mse %.3f\n", error(data.test.noisy));

    // Every weight of the grid, as one would tune it without gradients.
    std::vector<std::vector<double>> grid;
    {
        OptLayer denoise(fixed_operator::tv);
        examples::progress_bar bar("grid", 50);
        for (int weight = 1; weight <= 50; ++weight) {
            const Tensor z =
                denoise(fixed_operator::y = data.test.noisy, fixed_operator::s = std::log(static_cast<double>(weight)));
            grid.push_back({static_cast<double>(weight), error(z)});
            bar.step("");
        }
    }
    examples::write_csv(out / "grid.csv", {"weight", "test_mse"}, grid);
    const auto best =
        *std::min_element(grid.begin(), grid.end(), [](const auto& a, const auto& b) { return a[1] < b[1]; });
    std::printf("best weight of the grid: %.0f, test mse %.3f\n", best[0], best[1]);

    OptLayer weighted(fixed_operator::tv, learn(fixed_operator::s = torch::zeros({}, torch::kFloat64)));
    fit(
        "learned weight", data, weighted->parameters(), how.weight_rate, how.weight_epochs, how.batch,
        [&](const Tensor& y) { return weighted->forward(y); }, [] { return torch::zeros({}, torch::kFloat64); });
    const torch::NoGradGuard no_grad;
    const Tensor by_weight = weighted->forward(data.test.noisy);
    const double weight = std::exp(weighted->named_parameters()["s"].item<double>());
    std::printf("learned weight: %.2f, test mse %.3f, %.2f %% from the grid's best\n", weight, error(by_weight),
                100 * (error(by_weight) / best[1] - 1));

    torch::manual_seed(seed);
    const std::int64_t length = data.train.clean.size(1);
    const Tensor start = start_of_operator(how.operator_start, length);
    OptLayer shaped(learned_operator::tv, learn(learned_operator::D = start),
                    fix(learned_operator::lambda = torch::full({}, weight, torch::kFloat64)));
    std::vector<double> errors;
    {
        const torch::AutoGradMode grad(true);
        const Tensor D = shaped->named_parameters()["D"];
        const std::string title =
            "learned operator (starts from " +
            (how.operator_start == "random" ? std::string("random numbers") : "differences with errors of 0.01") + ")";
        errors = fit(
            title.c_str(), data, shaped->parameters(), how.operator_rate, how.operator_epochs, how.batch,
            [&](const Tensor& y) { return shaped->forward(y); }, [&] { return how.penalty * D.abs().sum(); });
    }
    std::vector<std::vector<double>> rows;
    for (std::size_t e = 0; e < errors.size(); ++e) rows.push_back({static_cast<double>(e), errors[e]});
    examples::write_csv(out / "operator.csv", {"epoch", "test_mse"}, rows);
    std::printf("  for comparison: noise %.3f, exact differences with the learned weight %.3f\n",
                error(data.test.noisy), error(by_weight));
    draw(how, data, by_weight, shaped->forward(data.test.noisy), weight, error(by_weight));
    std::printf("numbers: %s\n", (out / "{grid,operator,signal}.csv").c_str());
}

} // namespace

int main(int argc, char** argv) try {
    options how;
    bool small = false;
    CLI::App app("Learns total-variation denoising: the weight, then the operator.");
    app.add_option("--data", how.data, "CSV file or folder of them, last column; default: generated signals")
        ->check(CLI::ExistingPath);
    app.add_option("--signals", how.signals, "how many to generate; 10000 is the paper's size")
        ->check(CLI::Range(20, 1000000));
    const auto* length =
        app.add_option("--length", how.length, "points per signal; with --data 50")->check(CLI::Range(12, 10000));
    app.add_option("--weight-epochs", how.weight_epochs, "passes to learn the weight")->check(CLI::Range(1, 1000000));
    app.add_option("--operator-epochs", how.operator_epochs, "passes to learn D; 50 is the paper's size")
        ->check(CLI::Range(1, 1000000));
    app.add_option("--operator-start", how.operator_start, "from where D is learned; random numbers take far longer")
        ->check(CLI::IsMember({"differences", "random"}));
    app.add_option("--operator-rate", how.operator_rate, "step of Adam for D")->check(CLI::Range(1e-6, 1e6));
    app.add_option("--penalty", how.penalty, "weight of the sum of |D|")->check(CLI::Range(0.0, 1e6));
    app.add_option("--seed", how.seed, "seed of data and training")->check(CLI::Range(0, 1000000));
    app.add_option("--out", how.out, "folder for the CSV files and the picture");
    app.add_flag("--small", small, "few short signals: seconds, for tests");
    CLI11_PARSE(app, argc, argv);
    if (!how.data.empty() && length->count() == 0) how.length = 50;
    if (small) {
        how.signals = 60;
        how.length = std::min<std::int64_t>(how.length, 30);
        how.weight_epochs = how.operator_epochs = 2;
        how.batch = 20;
    }
    std::filesystem::create_directories(how.out);
    run(how);
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "denoise: %s\n", e.what());
    return 1;
}
