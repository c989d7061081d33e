// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/hidden_rows.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace optnet::solver {
namespace {

using vector = std::vector<double>;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A slack below this share of its terms, or so small in the caller's units, may be what the tolerances of the centre,
/// 1e-9, leave of 0. At a kink it is about 1e-5.
constexpr double small = 1e-7;
/// A row of which others leave less than this share depends on them.
constexpr double dependent = 1e-8;
/// A combination x with 1'x = 1 of rows of size 1 that comes to less is 0: the rounding of what the others leave of
/// them.
constexpr double nothing = 1e-7;
/// Beyond so many operations only opposite rows are looked for.
constexpr double most_operations = 2e8;

double dot(const vector& a, const vector& b) {
    return cpu::dense<double>().dot(a.data(), b.data(), static_cast<std::int64_t>(a.size()));
}
void add(vector& to, double factor, const vector& v) {
    for (std::size_t i = 0; i < v.size(); ++i) to[i] += factor * v[i];
}

/// An orthonormal basis of what was added.
class span {
public:
    /// v becomes what the basis leaves of it; returns its length.
    double project(vector& v) const {
        for (int twice = 0; twice < 2; ++twice)
            for (const vector& b : basis) add(v, -dot(b, v), b);
        return std::sqrt(dot(v, v));
    }
    void add_to_basis(vector v) {
        const double whole = std::sqrt(dot(v, v)), left = project(v);
        if (!(left > dependent * whole)) return;
        for (double& x : v) x /= left;
        basis.push_back(std::move(v));
    }

private:
    std::vector<vector> basis;
};

/// The coefficients of the columns that come nearest to `right`, by orthogonalization.
vector least_squares(const std::vector<vector>& columns, const std::vector<std::size_t>& which, vector right) {
    const std::size_t k = which.size();
    std::vector<vector> q;
    vector r(k * k), x(k);
    for (std::size_t j = 0; j < k; ++j) {
        vector v = columns[which[j]];
        for (int twice = 0; twice < 2; ++twice)
            for (std::size_t i = 0; i < j; ++i) {
                const double share = dot(q[i], v);
                r[i * k + j] += share;
                add(v, -share, q[i]);
            }
        r[j * k + j] = std::max(std::sqrt(dot(v, v)), 1e-300);
        for (double& e : v) e /= r[j * k + j];
        q.push_back(std::move(v));
    }
    for (std::size_t j = 0; j < k; ++j) {
        x[j] = dot(q[j], right);
        add(right, -x[j], q[j]);
    }
    for (std::size_t j = k; j-- > 0;) {
        for (std::size_t i = j + 1; i < k; ++i) x[j] -= r[j * k + i] * x[i];
        x[j] /= r[j * k + j];
    }
    return x;
}

/// x ≥ 0 for which Σ xⱼ vⱼ is least against (1'x − 1)²: least squares without negative numbers (Lawson and Hanson
/// 1974), of the vectors with a 1 below them.
vector nearest_to_zero(std::vector<vector> v) {
    for (vector& column : v) column.push_back(1);
    vector right(v.front().size(), 0.0), x(v.size(), 0.0), left;
    right.back() = 1;
    std::vector<std::size_t> free;
    for (std::size_t round = 0; round < 3 * v.size() + 10; ++round) {
        left = right;
        for (const std::size_t j : free) add(left, -x[j], v[j]);
        double most = 1e-12; // below that a column would make the sum smaller by rounding alone
        std::size_t next = v.size();
        for (std::size_t j = 0; j < v.size(); ++j) {
            const double gain = x[j] > 0 ? 0.0 : dot(v[j], left);
            if (gain > most) most = gain, next = j;
        }
        if (next == v.size()) break;
        free.push_back(next);
        for (bool inside = false; !inside && !free.empty();) {
            const vector best = least_squares(v, free, right);
            double step = 1;
            for (std::size_t i = 0; i < free.size(); ++i)
                if (!(best[i] > 0)) step = std::min(step, x[free[i]] / (x[free[i]] - best[i]));
            inside = true;
            for (std::size_t i = 0; i < free.size(); ++i) {
                double& now = x[free[i]];
                now = best[i] > 0 ? now + step * (best[i] - now) : std::max(0.0, now + step * (best[i] - now));
                const bool leaves = !(best[i] > 0) && now <= 1e-15;
                if (leaves) now = 0;
                inside = inside && best[i] > 0;
            }
            if (!inside) std::erase_if(free, [&](std::size_t j) { return x[j] == 0; });
        }
    }
    return x;
}

using entries = std::vector<std::pair<int, double>>; ///< of a row: columns in order, the first value 1

/// Rows of `which` that another one is opposite to, number by number but for a factor.
std::vector<int> opposite_rows(const operators& o, const std::vector<int>& which) {
    std::vector<int> place(at(o.m), -1);
    for (std::size_t c = 0; c < which.size(); ++c) place[at(which[c])] = static_cast<int>(c);
    struct line {
        entries of;
        bool negative = false;
        int row = 0;
    };
    std::vector<line> lines(which.size());
    o.each(matrix::G, [&](int i, int j, double v) {
        if (v != 0 && place[at(i)] >= 0) lines[at(place[at(i)])].of.emplace_back(j, v);
    });
    for (std::size_t c = 0; c < lines.size(); ++c) {
        entries& own = lines[c].of;
        lines[c].row = which[c];
        std::sort(own.begin(), own.end());
        std::size_t last = 0;
        for (std::size_t k = 1; k < own.size(); ++k) { // blocks that lie on each other add up
            if (own[k].first == own[last].first)
                own[last].second += own[k].second;
            else
                own[++last] = own[k];
        }
        if (own.empty()) continue;
        own.resize(last + 1);
        const double first = own.front().second;
        lines[c].negative = first < 0;
        for (auto& [column, value] : own) value /= first;
    }
    std::sort(lines.begin(), lines.end(), [](const line& a, const line& b) { return a.of < b.of; });
    std::vector<int> found;
    for (auto from = lines.begin(); from != lines.end();) {
        const auto to = std::find_if(from, lines.end(), [&](const line& x) { return x.of != from->of; });
        const auto negative = std::count_if(from, to, [](const line& x) { return x.negative; });
        if (negative > 0 && negative < to - from)
            for (auto x = from; x != to; ++x) found.push_back(x->row);
        from = to;
    }
    return found;
}

vector row_of_g(const operators& o, int i) {
    vector v(at(o.n), 0.0);
    o.write_g_row(i, v.data());
    return v;
}

} // namespace

void add_hidden_rows(const operators& o, const right_sides& e, const central_point& centre,
                     const std::vector<int>& tight, std::vector<char>& strong) {
    std::vector<int> left;
    std::vector<char> found(at(o.m), 0);
    const double z_size = cpu::dense<double>().max_abs(centre.z.data(), o.n);
    for (std::size_t k = 0; k < tight.size(); ++k) {
        if (strong[k] != 0) continue;
        const int i = tight[k];
        const double slack = e.h[i] - o.g_row_dot(i, centre.z.data());
        if (slack <= small * (o.g_scale[at(i)] + std::abs(e.h[i]) + z_size)) left.push_back(i);
    }
    if (left.empty()) return;
    const auto take = [&](int i) { found[at(i)] = 1; };
    for (const int i : opposite_rows(o, left)) take(i);
    std::erase_if(left, [&](int i) { return found[at(i)] != 0; });

    std::size_t others = at(o.p);
    for (std::size_t k = 0; k < tight.size(); ++k) others += strong[k] || found[at(tight[k])] ? 1 : 0;
    const double rows = static_cast<double>(others + left.size());
    if (!left.empty() && rows * rows * o.n <= most_operations) {
        span known;
        std::vector<vector> a(at(o.p), vector(at(o.n), 0.0));
        o.each(matrix::A, [&](int i, int j, double v) { a[at(i)][at(j)] += v; });
        for (vector& row : a) known.add_to_basis(std::move(row));
        for (std::size_t k = 0; k < tight.size(); ++k)
            if (strong[k] || found[at(tight[k])]) known.add_to_basis(row_of_g(o, tight[k]));
        while (!left.empty()) {
            std::vector<vector> v;
            std::vector<int> of;
            for (const int i : left) {
                vector row = row_of_g(o, i);
                const double whole = std::sqrt(dot(row, row)), length = known.project(row);
                if (!(length > dependent * whole)) {
                    take(i); // and changes nothing: it depends on rows that hold
                    continue;
                }
                for (double& x : row) x /= length;
                of.push_back(i);
                v.push_back(std::move(row));
            }
            left = of;
            if (left.empty()) break;
            const vector x = nearest_to_zero(v);
            vector sum(at(o.n), 0.0);
            double total = 0;
            for (std::size_t k = 0; k < x.size(); ++k) {
                add(sum, x[k], v[k]);
                total += x[k];
            }
            if (!(std::sqrt(dot(sum, sum)) <= nothing * total) || total <= 0) break;
            for (std::size_t k = 0; k < x.size(); ++k)
                if (x[k] > nothing * total) {
                    take(left[k]);
                    known.add_to_basis(row_of_g(o, left[k]));
                }
            const std::size_t before = left.size();
            std::erase_if(left, [&](int i) { return found[at(i)] != 0; });
            if (left.size() == before) break;
        }
    }
    for (std::size_t k = 0; k < tight.size(); ++k)
        if (found[at(tight[k])] != 0) strong[k] = 1;
}

} // namespace optnet::solver
