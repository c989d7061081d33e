# SPDX-License-Identifier: Apache-2.0
"""What programs cost the compiler: seconds that they add over an empty program with the same headers.

The language alone: the three examples of docs/language.md, lowered; then 20 penalty terms and 40 parameters. These are
compiled without output. With --build, a build folder that knows where LibTorch is, also the three examples as a user
writes them, with their layers, calls and the Sequential, compiled to objects at -O0 and -O2. Each is compiled several
times, in turn with the empty program; the least time of processor counts. The budget is 2 s for each; clang also has its
limit of constexpr steps, which the second program must not exceed.

Usage: compile_cost.py [--build DIR] [--repeat N] [--check] [COMPILER...]
       default: g++ clang++-19; --check: exit 1 above a budget
"""
import argparse
import json
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANGUAGE = "#include <optnet/dsl/words.hpp>\n"
EVERYTHING = "#include <optnet/optnet.hpp>\n"
BUDGET = 2.0  # s

THREE = """
using namespace optnet::words;
namespace general {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"p"> p;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"q", n> q;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr param<"A", p, n> A;
constexpr param<"b", p> b;
constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b);
}
namespace denoising {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"D", m, n> D;
constexpr nonneg<"lambda"> lambda;
constexpr auto tv = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
}
namespace sudoku {
constexpr dim<"rules"> rules;
constexpr variable<"x", 64> x;
constexpr param<"givens", 64> givens;
constexpr param<"A", rules, 64> A;
constexpr param<"x0", 64> x0;
constexpr auto board = minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x);
}
"""

LOWERED = """
const auto& first = optnet::dsl::lower<decltype(general::qp)>();
const auto& second = optnet::dsl::lower<decltype(denoising::tv)>();
const auto& third = optnet::dsl::lower<decltype(sudoku::board)>();
"""

LAYERS = """
using torch::Tensor;
Tensor first(Tensor Q0, Tensor q0, Tensor G0, Tensor h0, Tensor A0, Tensor b0) {
    OptLayer layer(general::qp);
    using namespace general;
    Tensor z0 = layer(Q = Q0, q = q0, G = G0, h = h0, A = A0, b = b0);
    return z0;
}
Tensor second(Tensor D0, Tensor noisy) {
    using namespace denoising;
    OptLayer denoise(denoising::tv, learn(D = D0, lambda = torch::full({}, 0.1)));
    Tensor clean = denoise(y = noisy);
    return clean;
}
Tensor third(Tensor givens) {
    torch::nn::Sequential net{
        OptLayer(sudoku::board, learn(sudoku::A = torch::rand({40, 64}), sudoku::x0 = torch::rand({64})))};
    return net->forward(givens);
}
"""


def penalties(terms):
    """A model with this many penalty terms |M z - c| and twice as many parameters."""
    lines = ['using namespace optnet::words;\nconstexpr dim<"n"> n;\nconstexpr dim<"m"> m;\nconstexpr variable<"z", n> z;\n']
    for i in range(terms):
        lines.append(f'constexpr param<"M{i}", m, n> M{i};\nconstexpr param<"c{i}", m> c{i};\n')
    sum_of_terms = " + ".join(f"{i + 1} * norm1(M{i} * z - c{i})" for i in range(terms))
    lines.append(f"constexpr auto model = minimize(sum_squares(z) + {sum_of_terms}).st(0 <= z);\n")
    lines.append("const auto& table = optnet::dsl::lower<decltype(model)>();\n")
    return "".join(lines)


def seconds(command, source, folder):
    """Processor time of one compilation."""
    program = pathlib.Path(folder) / "program.cpp"
    program.write_text(source)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, str(program)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def torch_options(build):
    """Definitions and include directories of a source that includes torch."""
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    words = next(shlex.split(c["command"]) for c in commands if c["file"].endswith("src/torch/lowered_model.cpp"))
    options = [w for w in words if w.startswith(("-D", "-I"))]
    for option, folder in zip(words, words[1:]):
        if option == "-isystem":
            options += [option, folder]
    return options


def within_budget(title, command, header, programs, repeat):
    """Measures `programs` and prints what they add to `header` alone."""
    least = {name: float("inf") for name in ["empty", *programs]}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeat):
            for name in least:
                source = header + programs.get(name, "") + "int main() {}\n"
                least[name] = min(least[name], seconds([*command, "-o", f"{folder}/out"], source, folder))
    good = True
    for name, time in least.items():
        added = time - least["empty"]
        good = good and added <= BUDGET
        print(f"{title:16} {name:26} {time:6.2f} s" + (f"   adds {added:.2f} s" if name != "empty" else ""), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", metavar="COMPILER", default=["g++", "clang++-19"])
    parser.add_argument("--build", metavar="DIR")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    good = True
    for compiler in filter(shutil.which, chosen.compilers):
        command = [compiler, "-std=c++20", f"-I{ROOT / 'include'}"]
        language = {"three examples": THREE + LOWERED, "20 terms, 40 parameters": penalties(20)}
        good &= within_budget(compiler, [*command, "-fsyntax-only"], LANGUAGE, language, chosen.repeat)
        for level in ["-O0", "-O2"] if chosen.build else []:
            full = [*command, *torch_options(chosen.build), level, "-c"]
            layers = {"three examples, layers": THREE + LAYERS}
            good &= within_budget(f"{compiler} {level}", full, EVERYTHING, layers, chosen.repeat)
    return 0 if good or not chosen.check else 1


if __name__ == "__main__":
    sys.exit(main())
