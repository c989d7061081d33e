// SPDX-License-Identifier: Apache-2.0
#pragma once

// `using namespace optnet::words;` brings in the words of the language and nothing else. OptLayer and describe join
// them where torch is known.

// What states sentences stands first, so that a compiler that shows the way to one shows a short way.
#include "optnet/dsl/messages.hpp"

#include "optnet/dsl/shape.hpp"

#include "optnet/dsl/expression.hpp"

#include "optnet/dsl/make.hpp"

#include "optnet/dsl/bind.hpp"
#include "optnet/dsl/constant.hpp"
#include "optnet/dsl/lower.hpp"
#include "optnet/dsl/pieces.hpp"
#include "optnet/dsl/simplex.hpp"

namespace optnet::words {

// sizes, unknowns, data, constants
using expr::constant;
using expr::diagonal;
using expr::dim;
using expr::nonneg;
using expr::param;
using expr::psd;
using expr::variable;

// affine
using expr::cols;
using expr::cumsum;
using expr::diag;
using expr::diff;
using expr::dot;
using expr::hstack;
using expr::mean;
using expr::mul;
using expr::reshape;
using expr::rows;
using expr::slice;
using expr::sum;
using expr::T;
using expr::trace;
using expr::transpose;
using expr::vstack;

// functions of parameters alone
using expr::exp;
using expr::log;
using expr::sigmoid;
using expr::softplus;
using expr::sqrt;
using expr::tanh;

// atoms
using expr::abs;
using expr::hinge;
using expr::huber;
using expr::max;
using expr::min;
using expr::neg;
using expr::norm1;
using expr::norm_inf;
using expr::pinball;
using expr::pos;
using expr::quad;
using expr::square;
using expr::sum_largest;
using expr::sum_smallest;
using expr::sum_squares;
using expr::tv;

// problems and binding
using expr::fix;
using expr::learn;
using expr::maximize;
using expr::minimize;
using expr::named;
using expr::simplex;

} // namespace optnet::words
