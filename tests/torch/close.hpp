// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <initializer_list>

/// A float64 vector.
inline at::Tensor vector(std::initializer_list<double> values) {
    return at::tensor(at::ArrayRef<double>(values.begin(), values.size()), at::kDouble);
}

/// Same shape and dtype, and every entry within `tolerance`, absolute and relative.
inline bool close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
    return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && at::allclose(a, b, tolerance, tolerance);
}
