// SPDX-License-Identifier: Apache-2.0
#include "solver/cpu/kernels.hpp"

#include "solver/cpu/kernels_tables.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace optnet::solver::cpu {
namespace {

bool has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

bool has_avx512() {
#if defined(__x86_64__)
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

} // namespace

template <> const kernels<double>* dense<double>(const char* name) {
    if (std::strcmp(name, "avx512") == 0) return has_avx512() ? avx512_double() : nullptr;
    if (std::strcmp(name, "avx2") == 0) return has_avx2() ? avx2_double() : nullptr;
    return std::strcmp(name, "portable") == 0 ? portable_double() : nullptr;
}

template <> const kernels<float>* dense<float>(const char* name) {
    if (std::strcmp(name, "avx512") == 0) return has_avx512() ? avx512_float() : nullptr;
    if (std::strcmp(name, "avx2") == 0) return has_avx2() ? avx2_float() : nullptr;
    return std::strcmp(name, "portable") == 0 ? portable_float() : nullptr;
}

namespace {

/// The name of the instruction set to use; a sentence on stderr if it is not the one that was asked for, since results
/// are right all the same.
const char* choose() {
    const char* widest = dense<double>("avx512") != nullptr ? "avx512"
                         : dense<double>("avx2") != nullptr ? "avx2"
                                                            : "portable";
    const char* wanted = std::getenv("OPTNET_SIMD");
    if (wanted == nullptr || *wanted == '\0') return widest;
    for (const char* known : {"portable", "avx2", "avx512"}) {
        if (std::strcmp(wanted, known) != 0) continue;
        if (dense<double>(known) != nullptr) return known;
        std::fprintf(stderr, "OPTNET_SIMD asks for %s, which this processor or this build lacks; %s is used instead.\n",
                     known, widest);
        return widest;
    }
    std::fprintf(stderr, "OPTNET_SIMD is \"%s\"; say portable, avx2 or avx512. %s is used instead.\n", wanted, widest);
    return widest;
}

const char* chosen() {
    static const char* const made = choose();
    return made;
}

} // namespace

template <class T> const kernels<T>& dense() {
    static const kernels<T>& table = *dense<T>(chosen());
    return table;
}

template const kernels<double>& dense<double>();
template const kernels<float>& dense<float>();

const sparse_kernels& sparse(bool in_lanes) {
    const auto find = [](bool lanes_wanted) {
        return std::strcmp(chosen(), "avx512") == 0 ? avx512_sparse(lanes_wanted)
               : std::strcmp(chosen(), "avx2") == 0 ? avx2_sparse(lanes_wanted)
                                                    : portable_sparse(lanes_wanted);
    };
    static const sparse_kernels &together = *find(true), &alone = *find(false);
    return in_lanes ? together : alone;
}

const bound_kernels& bounds() {
    static const bound_kernels& table = *(std::strcmp(chosen(), "avx512") == 0 ? avx512_bounds()
                                          : std::strcmp(chosen(), "avx2") == 0 ? avx2_bounds()
                                                                               : portable_bounds());
    return table;
}

template <> const interior_kernels_of<double>* interior<double>(const char* name) {
    if (dense<double>(name) == nullptr) return nullptr;
    return std::strcmp(name, "avx512") == 0 ? avx512_interior_double()
           : std::strcmp(name, "avx2") == 0 ? avx2_interior_double()
                                            : portable_interior_double();
}

template <> const interior_kernels_of<float>* interior<float>(const char* name) {
    if (dense<float>(name) == nullptr) return nullptr;
    return std::strcmp(name, "avx512") == 0 ? avx512_interior_float()
           : std::strcmp(name, "avx2") == 0 ? avx2_interior_float()
                                            : portable_interior_float();
}

template <class T> const interior_kernels_of<T>& interior() {
    static const interior_kernels_of<T>& table = *interior<T>(chosen());
    return table;
}

template const interior_kernels_of<double>& interior<double>();
template const interior_kernels_of<float>& interior<float>();

} // namespace optnet::solver::cpu
