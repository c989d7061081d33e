// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace optnet {

/// While it lives, autocast leaves the products of the derivative in the dtype of their data.
class autocast_off {
public:
    autocast_off() : guard(c10::autocast_dispatch_keyset) {}

private:
    c10::impl::ExcludeDispatchKeyGuard guard;
};

} // namespace optnet
