// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of `sparse_matrices` as the kernels for lanes read them.

#include "solver/algorithm/sparse_system.hpp"
#include "solver/cpu/kernels_sparse.hpp"

#include <new>

namespace optnet::solver {

/// Memory at multiples of a cache line, which a vector over all lanes fills.
template <class T> struct line_allocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};

    line_allocator() = default;
    template <class U> explicit line_allocator(const line_allocator<U>&) {}
    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
    void deallocate(T* from, std::size_t) { ::operator delete(from, line); }
    bool operator==(const line_allocator&) const { return true; }
};

/// [count, lanes]
using lane_array = std::vector<double, line_allocator<double>>;

class lane_matrices {
public:
    static constexpr int lanes = cpu::lanes<double>;
    /// True if what the lanes work with fits into memory close by.
    static bool serves(const sparse_pattern& pattern);

    /// `numbers` must outlive this.
    explicit lane_matrices(const sparse_matrices& numbers);

    const sparse_matrices& numbers() const { return *source; }
    const operators& data() const { return source->data(); }
    const cpu::lane_system& system() const { return view; }
    /// [m] the weight of an active row, its root for rows in E; and what `sparse_kernels::doubt` takes.
    const std::vector<double>& full() const { return active; }
    const std::vector<double>& compliance() const { return compliances; }

private:
    /// Lines that own their numbers.
    struct lines {
        std::vector<int> start, at;
        std::vector<double> value;
        cpu::sparse_lines view() const {
            return {static_cast<std::int64_t>(start.size()) - 1, start.data(), at.data(), value.data()};
        }
    };
    template <class Each> static void gather(int count, const Each& each, lines& to);

    const sparse_matrices* source;
    cpu::lane_system view{};
    lines a_columns, g_columns, r_columns, sums;
    std::vector<double> base, active, compliances;
};

/// The factor for one set of active rows in every lane, which the gradient goes on using.
struct lane_factor {
    lane_array w, l, inverse;
};

/// Points or right-hand sides of as many problems as there are lanes.
struct lane_points {
    lane_array z, nu, lambda;

    void resize(const operators& data);
    void put(const point& from, int l); ///< into lane l
    void take(point& to, int l) const;
    cpu::lane_point view() { return {z.data(), nu.data(), lambda.data()}; }
};

/// Their products with the matrices.
struct lane_product_arrays {
    lane_array qz, atnu, gtl, az, gz;

    void resize(const operators& data);
    cpu::lane_products view() { return {qz.data(), atnu.data(), gtl.data(), az.data(), gz.data()}; }
};

} // namespace optnet::solver
