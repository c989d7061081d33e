# SPDX-License-Identifier: Apache-2.0
"""What programs cost the compiler: seconds that they add over an empty program with the same headers.

The first program has the three examples of docs/language.md, lowered; the second 20 penalty terms and 40 parameters. Each
is compiled without output several times, in turn with the empty program; the least time of processor counts. The budgets
are 2 s and 2 s; clang also has its limit of constexpr steps, which the second program must not exceed.

Usage: compile_cost.py [--repeat N] [--check] [COMPILER...]      default: g++ clang++-19; --check: exit 1 above a budget
"""
import argparse
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = '#include "optnet/dsl/words.hpp"\nusing namespace optnet::words;\n'
BUDGET = 2.0  # s

THREE = """
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
const auto& first = optnet::dsl::lower<decltype(general::qp)>();
const auto& second = optnet::dsl::lower<decltype(denoising::tv)>();
const auto& third = optnet::dsl::lower<decltype(sudoku::board)>();
"""


def penalties(terms):
    """A model with this many penalty terms |M z - c| and twice as many parameters."""
    lines = ['constexpr dim<"n"> n;\nconstexpr dim<"m"> m;\nconstexpr variable<"z", n> z;\n']
    for i in range(terms):
        lines.append(f'constexpr param<"M{i}", m, n> M{i};\nconstexpr param<"c{i}", m> c{i};\n')
    sum_of_terms = " + ".join(f"{i + 1} * norm1(M{i} * z - c{i})" for i in range(terms))
    lines.append(f"constexpr auto model = minimize(sum_squares(z) + {sum_of_terms}).st(0 <= z);\n")
    lines.append("const auto& table = optnet::dsl::lower<decltype(model)>();\n")
    return "".join(lines)


def seconds(compiler, source, folder):
    """Processor time of one compilation."""
    program = pathlib.Path(folder) / "program.cpp"
    program.write_text(HEADERS + source)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'include'}", str(program)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", metavar="COMPILER", default=["g++", "clang++-19"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    programs = {"empty": "", "three examples": THREE, "20 terms, 40 parameters": penalties(20)}
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for compiler in filter(shutil.which, chosen.compilers):
            least = {name: float("inf") for name in programs}
            for _ in range(chosen.repeat):
                for name, source in programs.items():
                    least[name] = min(least[name], seconds(compiler, source, folder))
            for name, time in least.items():
                added = time - least["empty"]
                good = good and added <= BUDGET
                print(f"{compiler:12} {name:26} {time:6.2f} s" + (f"   adds {added:.2f} s" if name != "empty" else ""))
    return 0 if good or not chosen.check else 1


if __name__ == "__main__":
    sys.exit(main())
