// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models.hpp"

#include <cstring>

namespace problems {

/// A model whose blocks of the matrices named in `which` ("QAG") have numbers of each problem's own: those of Q are
/// multiplied by one number near 1 per block, the others by one each.
template <class T = double> struct own_model {
    own_model(model made, const char* which, double spread) : x(std::move(made)) {
        const solver::problem<double> shared = x.problem();
        numbers draw(17);
        std::vector<char> is_own;
        for (const solver::block& block : x.shape.blocks) {
            if (block.source < 0) continue;
            const char name = block.where == solver::matrix::Q ? 'Q' : block.where == solver::matrix::A ? 'A' : 'G';
            is_own.push_back(std::strchr(which, name) != nullptr);
            const auto& once = x.numbers[static_cast<std::size_t>(block.source)];
            values.emplace_back();
            for (std::int64_t k = 0; k < (is_own.back() != 0 ? x.batch : 1); ++k) {
                const double all = 1 + spread * (draw.uniform() - 0.5);
                for (const double v : once) {
                    const double each = name == 'Q' ? all : 1 + spread * (draw.uniform() - 0.5);
                    values.back().push_back(static_cast<T>(is_own.back() != 0 ? v * each : v));
                }
            }
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto& view = shared.data[i];
            const auto size = static_cast<std::int64_t>(x.numbers[i].size());
            data.push_back({values[i].data(), is_own[i] != 0 ? size : 0, view.row_stride, view.col_stride});
        }
        q.assign(x.q.begin(), x.q.end());
        b.assign(x.b.begin(), x.b.end());
        h.assign(x.h.begin(), x.h.end());
    }
    own_model(const own_model&) = delete;
    own_model& operator=(const own_model&) = delete;

    solver::problem<T> some(std::int64_t first, std::int64_t count) {
        part = data;
        for (auto& view : part) view.data += first * view.batch_stride;
        return {&x.shape,
                count,
                part.data(),
                {q.data() + first * x.shape.n, x.shape.n, 1},
                {b.empty() ? nullptr : b.data(), 0, 1},
                {h.empty() ? nullptr : h.data(), 0, 1}};
    }
    solver::problem<T> all() { return some(0, x.batch); }

    model x;
    std::vector<std::vector<T>> values;
    std::vector<solver::matrix_view<T>> data, part;
    std::vector<T> q, b, h;
};

} // namespace problems
