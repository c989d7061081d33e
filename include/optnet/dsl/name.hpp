// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace optnet::dsl {

/// A string as a template argument: the name of a size, a variable, a parameter or a constraint, or a text for an
/// error.
template <std::size_t N> struct name {
    char text[N]{};

    constexpr name(const char (&from)[N]) { std::copy_n(from, N, text); }
    /// The first N - 1 characters of `from`, which has at least as many.
    constexpr explicit name(std::string_view from) {
        std::copy_n(from.begin(), N - 1, text);
        text[N - 1] = '\0'; // said once more, since clang prints only what was written as a string
    }

    constexpr std::string_view view() const { return {text, N - 1}; }
};

} // namespace optnet::dsl
