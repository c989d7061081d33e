// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace optnet {

/// A mistake in a call: a wrong shape, dtype, device, batch or setting, found before anything is computed; or a failed
/// element where `on_failure::raise` was asked for. The message names the thing and tells the fix.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace optnet
