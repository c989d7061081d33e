# SPDX-License-Identifier: Apache-2.0
"""One program that must not compile, or must: compiles it once, without output, and judges the compiler's words.

Comment lines at the top of the program say what is expected:
    // expect: TEXT      compilation fails and TEXT stands in the first error; may be repeated
    // must compile      compilation succeeds: the nearest right program, so that a case cannot fail for another reason
    // torch             LibTorch's headers are needed

The first error of g++ is what it prints before the second line with "error:"; it may have 60 lines at most. The wording is
judged with g++; clang must refuse too, and the texts may stand in any of its errors.

Usage: run.py PROGRAM COMPILER OPTION... [-- OPTION...]       for programs marked // torch the options behind -- count alone
       run.py --self-test COMPILER
"""
import pathlib
import subprocess
import sys
import tempfile

MOST_LINES = 60


def expectations(source):
    """The marks in the comment lines at the top of a program: (texts, must_compile, torch)."""
    texts, must_compile, torch = [], False, False
    for line in source.splitlines():
        if not line.startswith("//"):
            break
        mark = line[2:].strip()
        if mark.startswith("expect:"):
            texts.append(mark[len("expect:") :].strip())
        must_compile = must_compile or mark == "must compile"
        torch = torch or mark == "torch"
    return texts, must_compile, torch


def first_error(output):
    """The lines before the second one that contains "error:"."""
    lines = output.splitlines()
    errors = [i for i, line in enumerate(lines) if "error:" in line]
    return lines[: errors[1]] if len(errors) > 1 else lines


def judge(texts, must_compile, compiled, output, clang):
    """A sentence about what is wrong with the compiler's answer; empty if it is as expected."""
    if must_compile == bool(texts):
        return 'say either "// must compile" or "// expect: TEXT" at the top of the program'
    if must_compile:
        return "" if compiled else "does not compile, but must"
    if compiled:
        return "compiles, but must not"
    if clang:
        shown = output
    else:
        lines = first_error(output)
        if len(lines) > MOST_LINES:
            return f"the first error takes {len(lines)} lines, at most {MOST_LINES} are allowed"
        shown = "\n".join(lines)
    absent = [text for text in texts if text not in shown]
    return f"the first error lacks: {' | '.join(absent)}" if absent else ""


def run(program, compiler, options, torch_options):
    """Compiles and judges one program: what is wrong (empty if nothing), and the compiler's words."""
    texts, must_compile, torch = expectations(pathlib.Path(program).read_text())
    command = [compiler, "-std=c++20", "-fsyntax-only", "-fdiagnostics-color=never", *(torch_options if torch else options)]
    answer = subprocess.run([*command, program], capture_output=True, text=True)
    wrong = judge(texts, must_compile, answer.returncode == 0, answer.stderr, is_clang(compiler))
    return wrong, answer.stderr


def is_clang(compiler):
    return "clang" in subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout


SELF_TEST = [  # a program, and whether the harness must be content with it
    ('// expect: the fix is here\nstatic_assert(sizeof(int) == 1, "the fix is here");', True),
    ('// expect: the fix is here\n// expect: sizeof\nstatic_assert(sizeof(int) == 1, "the fix is here");', True),
    ('// expect: another text\nstatic_assert(sizeof(int) == 1, "the fix is here");', False),
    ("// expect: the fix is here\nint compiles;", False),
    ("// must compile\nint compiles;", True),
    ("// must compile\nint does not;", False),
    ("int without_a_mark;", False),
    ("// expect: x\n// must compile\nint both_marks;", False),
]
SELF_TEST_GCC = [
    ('// expect: second\nstatic_assert(sizeof(int) == 1, "first");\nstatic_assert(sizeof(int) == 1, "second");', False),
    ("// expect: undeclared\n#include \"deep.hpp\"\n", False),
]


def self_test(compiler):
    """The harness on programs of its own, right and wrong; among them a first error that is too long."""
    good = True
    with tempfile.TemporaryDirectory() as folder:
        previous = "undeclared();\n"
        for depth in range(MOST_LINES + 1):  # every level of inclusion is one line of the first error
            name = "deep.hpp" if depth == MOST_LINES else f"deep{depth}.hpp"
            (pathlib.Path(folder) / name).write_text(previous)
            previous = f'#include "{name}"\n'
        for number, (source, content) in enumerate(SELF_TEST + ([] if is_clang(compiler) else SELF_TEST_GCC)):
            program = pathlib.Path(folder) / f"case{number}.cpp"
            program.write_text(source + "\n")
            wrong, _ = run(str(program), compiler, [], [])
            if (wrong == "") != content:
                print(f"judged wrongly ({wrong or 'as expected'}):\n{source}\n")
                good = False
    return good


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--self-test":
        return 0 if self_test(arguments[1]) else 1
    if len(arguments) < 2:
        print(__doc__)
        return 2
    program, compiler, *options = arguments
    torch_options = []
    if "--" in options:
        cut = options.index("--")
        options, torch_options = options[:cut], options[cut + 1 :]
    wrong, words = run(program, compiler, options, torch_options)
    if wrong:
        print(f"{program}: {wrong}\n\nThe compiler says:\n{words[:20000]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
