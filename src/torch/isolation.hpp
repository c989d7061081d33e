// SPDX-License-Identifier: Apache-2.0
#pragma once

// Failed samples and the gradient of what is shared. The solver's gradient of a failed sample is zero, but the chain
// rule of a parameter function would multiply that zero by the sample's own numbers: in `lambda * c` by its c, in
// `exp(c * w)` by an overflow. 0 * NaN is NaN, and in the sum over the batch it would be everyone's.

#include "optnet/torch/blocks.hpp"
#include "torch/arrangement.hpp"

namespace optnet {

/// Zero, whose gradient by every entry of every parameter is exactly zero whatever stands there.
at::Tensor nothing_of(const arguments& call);

/// The samples `rows` of a value; what is shared stays.
value samples(const value& v, const at::Tensor& rows);

/// `all` with the same numbers, where gradients reach only the parameters of solved samples: functions of parameters
/// are computed once more for those samples alone, and their results take the places of the old ones. `solved` is
/// bool [batch, 1]. Parameters that are whole blocks stay as they are.
blocks apart_from_failed(const blocks& all, const at::Tensor& solved, const arrangement& where,
                         std::span<const double> numbers, const arguments& call);

} // namespace optnet
