# SPDX-License-Identifier: Apache-2.0
"""Where optnet is; set by the command line."""
import pathlib

import torch

path = None  # liboptnet.so


def load():
    torch.ops.load_library(str(path))
    return "this build"


def load_layers():
    """The operators of bench/layers.cpp, which the build puts beside the library. Raises ImportError without them."""
    layers = pathlib.Path(path).with_name("liboptnet_bench_layers.so")
    if not layers.exists():
        raise ImportError(f"there is no {layers.name} beside {pathlib.Path(path).name}")
    load()
    torch.ops.load_library(str(layers))
    return "this build"
