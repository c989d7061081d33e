// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a user needs: the language, the layer, the solver with matrices, and of LibTorch tensors, autograd, Module
// and Sequential.

#include "optnet/dsl/words.hpp"
#include "optnet/torch/constant.hpp"
#include "optnet/torch/error.hpp"
#include "optnet/torch/format.hpp"
#include "optnet/torch/layer.hpp"
#include "optnet/torch/solve_qp.hpp"

#include <torch/autograd.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>
