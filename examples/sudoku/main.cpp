// SPDX-License-Identifier: Apache-2.0

// Learns the rules of mini-Sudoku from solved puzzles alone: the layer's equality constraints start random, and
// gradient descent turns them into rows, columns and boxes (OptNet, Amos & Kolter 2017, section 4.4).

#include "../support/progress.hpp"
#include "../support/table.hpp"
#include "boards.hpp"

#include <optnet/optnet.hpp>

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>

#include <CLI/CLI.hpp>

#include <cstdio>

using namespace optnet::words;
using torch::Tensor;

namespace model {
constexpr dim<"rules"> rules;
constexpr variable<"x", 64> x;
constexpr param<"givens", 64> givens;
constexpr param<"A", rules, 64> A;
constexpr param<"w", 64> w;
// exp(w) > 0 satisfies the constraints whatever A is, so no step of the training can make the problem infeasible.
constexpr auto board = minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - exp(w)) == 0, 0 <= x);
} // namespace model

namespace {

struct options {
    std::string data, out = "sudoku-out", split = "file";
    std::int64_t seeds = 1, first_seed = 0, epochs = 4, batch = 150, boards = 10000;
    double rate = 0.1, last_rate = 0.005, clip = 0.02;
};

struct epoch {
    double seconds, train_loss, test_loss, wrong;
};

struct run {
    std::vector<epoch> epochs;
    Tensor answers; ///< to the test puzzles, [boards, 64]
};

run train(const options& how, const sudoku::dataset& boards, std::int64_t seed) {
    torch::manual_seed(static_cast<std::uint64_t>(seed));
    const auto dtype = torch::kFloat64;
    const Tensor given = sudoku::encode(boards.train, false, dtype), solved = sudoku::encode(boards.train, true, dtype);
    const Tensor test = sudoku::encode(boards.test, false, dtype), truth = sudoku::encode(boards.test, true, dtype);

    OptLayer layer(model::board, learn(model::A = torch::rand({40, 64}, dtype), model::w = torch::zeros({64}, dtype)));
    torch::optim::Adam optimizer(layer->parameters(), torch::optim::AdamOptions(how.rate));

    run result;
    double seconds = 0;
    std::int64_t step = 0;
    const std::int64_t steps = how.epochs * ((given.size(0) + how.batch - 1) / how.batch);
    for (std::int64_t e = 1; e <= how.epochs; ++e) {
        const auto batches = torch::randperm(given.size(0)).split(how.batch);
        examples::progress_bar bar("epoch " + std::to_string(e), static_cast<std::int64_t>(batches.size()));
        const examples::stopwatch clock;
        double total = 0;
        for (const Tensor& batch : batches) {
            // The rate falls evenly, so that the constraints settle.
            const double done = static_cast<double>(step++) / static_cast<double>(steps);
            for (auto& group : optimizer.param_groups())
                static_cast<torch::optim::AdamOptions&>(group.options())
                    .lr(how.rate + done * (how.last_rate - how.rate));
            optimizer.zero_grad();
            const Tensor loss =
                torch::mse_loss(layer->forward(given.index_select(0, batch)), solved.index_select(0, batch));
            loss.backward();
            // Single batches have gradients many times those of their neighbours; one must not undo the others.
            torch::nn::utils::clip_grad_norm_(layer->parameters(), how.clip);
            optimizer.step();
            total += loss.item<double>() * static_cast<double>(batch.size(0));
            char note[40];
            std::snprintf(note, sizeof note, "loss %.5f", loss.item<double>());
            bar.step(note);
        }
        seconds += clock.seconds();
        const torch::NoGradGuard no_grad;
        result.answers = layer->forward(test);
        result.epochs.push_back({seconds, total / static_cast<double>(given.size(0)),
                                 torch::mse_loss(result.answers, truth).item<double>(),
                                 static_cast<double>(sudoku::broken(result.answers))});
    }
    return result;
}

void report(const options& how, const std::vector<run>& runs, double boards) {
    std::vector<std::vector<double>> rows;
    for (std::size_t r = 0; r < runs.size(); ++r)
        for (std::size_t e = 0; e < runs[r].epochs.size(); ++e) {
            const epoch& at = runs[r].epochs[e];
            rows.push_back({static_cast<double>(how.first_seed) + static_cast<double>(r), static_cast<double>(e + 1),
                            at.seconds, at.train_loss, at.test_loss, at.wrong, at.wrong / boards});
        }
    const std::filesystem::path out = how.out;
    examples::write_csv(out / "sudoku.csv", {"seed", "epoch", "seconds", "train_mse", "test_mse", "wrong", "share"},
                        rows);
    const std::string file = "'" + (out / "sudoku.csv").string() + "' skip 1 using ";
    if (examples::plot(
            out / "sudoku",
            "set multiplot layout 1,2\nset key top right\nset grid\nset xlabel 'epoch'\nset xtics 1\n"
            "set offsets 0.2, 0.2, 0, 0\nset logscale y\nset title 'mean squared error'\nplot " +
                file + "2:4 with points pt 7 lc '#1f6fb4' title 'train', " + file +
                "2:5 with points pt 6 lc '#d1495b' title 'unseen boards'\n"
                "unset logscale y\nset yrange [0:100]\nset title 'unseen boards with a broken rule, %'\nplot " +
                file + "2:(100*$7) with points pt 7 lc '#d1495b' notitle\nunset multiplot\n"))
        std::printf("picture: %s\n", (out / "sudoku.png").c_str());
    std::printf("numbers: %s\n", (out / "sudoku.csv").c_str());
}

} // namespace

int main(int argc, char** argv) try {
    options how;
    CLI::App app("Learns the rules of mini-Sudoku from solved puzzles.");
    bool small = false;
    app.add_option("--data", how.data, "CSV with columns puzzle and solution; default: generated boards")
        ->check(CLI::ExistingFile);
    app.add_option("--split", how.split,
                   "file: last tenth of the file is unseen; distinct: repeated puzzles removed first")
        ->check(CLI::IsMember({"file", "distinct"}));
    app.add_option("--seeds", how.seeds, "number of trainings")->check(CLI::Range(1, 1000000));
    app.add_option("--first-seed", how.first_seed, "seed of the first training")->check(CLI::Range(0, 1000000));
    app.add_option("--epochs", how.epochs, "passes over the training boards")->check(CLI::Range(1, 1000000));
    app.add_option("--batch", how.batch, "boards per step")->check(CLI::Range(1, 1000000));
    app.add_option("--rate", how.rate, "Adam's learning rate at the first step")->check(CLI::Range(1e-6, 1e6));
    app.add_option("--last-rate", how.last_rate, "the rate at the last step")->check(CLI::Range(1e-6, 1e6));
    app.add_option("--clip", how.clip, "largest norm of a gradient")->check(CLI::Range(1e-6, 1e6));
    app.add_option("--out", how.out, "folder for the CSV and the picture");
    app.add_flag("--small", small, "500 generated boards, one epoch: seconds, for tests");
    CLI11_PARSE(app, argc, argv);
    if (small) {
        how.boards = 500;
        how.epochs = 1;
        how.batch = 50;
    }
    std::filesystem::create_directories(how.out);

    const auto all =
        how.data.empty() ? sudoku::generate(static_cast<std::size_t>(how.boards), 4) : sudoku::load(how.data);
    const auto boards = sudoku::divide(all, how.split == "distinct" ? sudoku::split::distinct : sudoku::split::file);
    std::printf("%zu boards to learn from, %zu unseen\n", boards.train.size(), boards.test.size());

    std::vector<run> runs;
    for (std::int64_t seed = how.first_seed; seed < how.first_seed + how.seeds; ++seed) {
        runs.push_back(train(how, boards, seed));
        for (std::size_t e = 0; e < runs.back().epochs.size(); ++e) {
            const epoch& at = runs.back().epochs[e];
            std::printf(
                "seed %ld  epoch %zu  %6.2f s  train mse %.5f  test mse %.5f  unseen boards wrong: %.0f of %zu\n",
                static_cast<long>(seed), e + 1, at.seconds, at.train_loss, at.test_loss, at.wrong, boards.test.size());
        }
        std::fflush(stdout);
    }
    std::printf("\n%s\n", sudoku::show(boards.test[0], runs.back().answers[0]).c_str());
    report(how, runs, static_cast<double>(boards.test.size()));
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "sudoku: %s\n", e.what());
    return 1;
}
