// SPDX-License-Identifier: Apache-2.0
#include "torch/straight.hpp"

#include <ATen/record_function.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace optnet {

kernel foreseen(c10::DispatchKeySet keys) {
    if (at::getStepCallbacksUnlessEmpty(at::RecordScope::FUNCTION)) return kernel::ask;
    const c10::impl::LocalDispatchKeySet local = c10::impl::tls_local_dispatch_key_set();
    // Every operator without a kernel of its own for it falls through the first.
    const c10::DispatchKeySet left =
        ((keys | local.included_) - local.excluded_).remove(c10::DispatchKey::BackendSelect);
    switch (left.highestPriorityTypeId()) {
    case c10::DispatchKey::CPU: return kernel::cpu;
    case c10::DispatchKey::AutogradCPU: return kernel::derivative;
#if defined(OPTNET_WITH_CUDA)
    case c10::DispatchKey::CUDA: return kernel::cuda;
    case c10::DispatchKey::AutogradCUDA: return kernel::derivative;
#endif
    default: return kernel::ask;
    }
}

kernel foreseen(const std::vector<at::Tensor>& tensors) {
    c10::DispatchKeySet keys;
    for (const at::Tensor& t : tensors)
        if (t.defined()) keys = keys | t.key_set();
    return foreseen(keys);
}

} // namespace optnet
