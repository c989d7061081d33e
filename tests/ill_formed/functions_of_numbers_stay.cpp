// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"

#include <cmath>
using namespace optnet::words;

double x = exp(1.0) + log(2.0) + sqrt(2.0) + tanh(0.5) + abs(-1.0);
