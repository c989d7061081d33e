# SPDX-License-Identifier: Apache-2.0
"""Which room may look into which: follows #include lines through include/ and src/ and names every path that leads too far.

    dsl/      the standard library and Boost.Hana; of the solver only structure.hpp
    solver/   the standard library, the operating system, Eigen; neither LibTorch nor dsl/; its public headers neither Eigen
    cuda/     of the solver: the standard library, CUDA, cuBLAS, cuSOLVER, the solver's plain data, and what of its
              algorithms is written for any team; nothing of the CPU's kernels;
              sparse_schedule.cpp lays out for it what the CPU analysed, and is a file of solver/
    all       no header includes itself, by whatever way

Usage: rooms.py ROOT        checks the repository in ROOT
       rooms.py --self-test
"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
STANDARD = re.compile(r"^[a-z_0-9]+$")
SYSTEM = re.compile(r"^(pthread|sched|unistd|sys/[a-z]+)\.h$")
SOURCES = ("*.hpp", "*.cpp", "*.inc", "*.cu", "*.cuh")


class room:
    """Files whose names match `files` may reach project files that match `inside` and foreign headers that match `foreign`."""

    def __init__(self, name, files, inside, *foreign):
        self.name = name
        self.files, self.inside = re.compile(files), re.compile(inside)
        self.foreign = [STANDARD, *(re.compile(f) for f in foreign)]


ROOMS = [
    room("dsl/", r"^include/optnet/dsl/", r"^include/optnet/(dsl/.*|solver/structure\.hpp)$", r"^boost/hana(/|\.hpp$)"),
    room("include/optnet/solver/", r"^include/optnet/solver/", r"^include/optnet/solver/"),
    room("src/solver/cuda/", r"^src/solver/cuda/(?!sparse_schedule\.cpp)", r"^(include/optnet/solver/|src/solver/cuda/|src/solver/convexity\.hpp$|src/solver/algorithm/(accuracy|defaults|device|team|interior_loop|interior_rows|sparse_shifts|starting_point)\.hpp$)",
          r"^(cuda_runtime|cublas_v2|cusolverDn)\.h$"),
    room("src/solver/", r"^src/solver/(?!cuda/(?!sparse_schedule\.cpp))", r"^(include/optnet|src)/solver/", SYSTEM.pattern, r"^Eigen/"),
]


def includes(root, file):
    """What one file includes: files of the project as paths from the root, foreign headers as they are written."""
    for kind, name in INCLUDE.findall((root / file).read_text()):
        places = [root / "include", root / "src"]
        if kind == '"':
            places.insert(0, (root / file).parent)
        found = [place / name for place in places if (place / name).is_file()]
        yield str(found[0].resolve().relative_to(root)) if found else None, name


def offences(root):
    """A sentence for each forbidden path and each circle."""
    root = pathlib.Path(root).resolve()
    files = sorted(
        str(f.relative_to(root)) for top in ("include", "src") for kind in SOURCES for f in (root / top).rglob(kind)
    )
    graph = {file: list(includes(root, file)) for file in files}
    found = []
    for file in files:
        for where in (r for r in ROOMS if r.files.search(file)):
            ways, waiting = {file: [file]}, [file]
            while waiting:
                here = waiting.pop()
                for target, name in graph.get(here, []):
                    way = " -> ".join([*ways[here], target or f"<{name}>"])
                    if target is None:
                        if not any(f.search(name) for f in where.foreign):
                            found.append(f"{where.name} must not reach <{name}>: {way}")
                    elif target == file:
                        found.append(f"a circle of includes: {way}")
                    elif not where.inside.search(target):
                        found.append(f"{where.name} must not reach {target}: {way}")
                    elif target not in ways:
                        ways[target] = [*ways[here], target]
                        waiting.append(target)
    return files, found


SELF_TEST = [  # files of a small project, and what must be said about it; nothing if it is in order
    ({"include/optnet/dsl/a.hpp": '#include "optnet/solver/structure.hpp"', "include/optnet/solver/structure.hpp": "#include <vector>"}, []),
    ({"include/optnet/dsl/a.hpp": "#include <boost/hana/set.hpp>\n#include <string_view>"}, []),
    ({"include/optnet/dsl/a.hpp": "#include <torch/nn/module.h>"}, ["dsl/ must not reach <torch/nn/module.h>"]),
    ({"include/optnet/dsl/a.hpp": "  #  include <Eigen/Dense>"}, ["dsl/ must not reach <Eigen/Dense>"]),
    ({"include/optnet/dsl/a.hpp": '#include "b.hpp"', "include/optnet/dsl/b.hpp": "#include <optnet/torch/c.hpp>", "include/optnet/torch/c.hpp": ""},
     ["dsl/ must not reach include/optnet/torch/c.hpp: include/optnet/dsl/a.hpp -> include/optnet/dsl/b.hpp -> "]),
    ({"include/optnet/dsl/a.hpp": "#include <optnet/solver/views.hpp>", "include/optnet/solver/views.hpp": ""}, ["dsl/ must not reach include/optnet/solver/views.hpp"]),
    ({"include/optnet/solver/a.hpp": "#include <Eigen/Dense>"}, ["include/optnet/solver/ must not reach <Eigen/Dense>"]),
    ({"src/solver/a.cpp": "#include <Eigen/Dense>\n#include <pthread.h>"}, []),
    ({"src/solver/a.cpp": "#include <ATen/ATen.h>"}, ["src/solver/ must not reach <ATen/ATen.h>"]),
    ({"src/solver/a.cpp": '#include "optnet/dsl/b.hpp"', "include/optnet/dsl/b.hpp": ""}, ["src/solver/ must not reach include/optnet/dsl/b.hpp"]),
    ({"src/solver/cuda/a.cu": "#include <cuda_runtime.h>\n#include <cublas_v2.h>\n#include <cmath>"}, []),
    ({"src/solver/cuda/a.cu": "#include <Eigen/Dense>"}, ["src/solver/cuda/ must not reach <Eigen/Dense>"]),
    ({"src/solver/cuda/a.hpp": '#include "solver/cpu/b.hpp"', "src/solver/cpu/b.hpp": ""}, ["src/solver/cuda/ must not reach src/solver/cpu/b.hpp"]),
    ({"src/solver/a.hpp": '#include "b.hpp"', "src/solver/b.hpp": '#include "a.hpp"'}, ["a circle of includes: src/solver/a.hpp"]),
]


def self_test():
    good = True
    for project, expected in SELF_TEST:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in project.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            _, found = offences(folder)
        said = all(any(text in sentence for sentence in found) for text in expected)
        if not said or bool(found) != bool(expected):
            print(f"{project}\n  expected {expected}\n  found    {found}")
            good = False
    return good


def main(arguments):
    if arguments == ["--self-test"]:
        return 0 if self_test() else 1
    if len(arguments) != 1:
        print(__doc__)
        return 2
    files, found = offences(arguments[0])
    print("\n".join(found) or f"{len(files)} files in order")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
