// SPDX-License-Identifier: Apache-2.0
// Model-predictive control of walking robots: 30 problems of the MPC benchmark of qpsolvers with reference solutions.
// They are not part of the project; without them this test does nothing but say so.

#include "catch.hpp"
#include "problems.hpp"

#include <cstring>
#include <fstream>
#include <string>

#ifndef OPTNET_DATA
#define OPTNET_DATA ""
#endif

using namespace problems;

namespace {

constexpr std::int64_t has_solution = 1;

/// min 1/2 x'Px + q'x over cl <= Cx <= cu, xl <= x <= xu, with the solution if `reference` is has_solution, a
/// certificate of infeasibility if it is 2. Little-endian, as the machine is.
struct mpc {
    std::int64_t n = 0, rows = 0, reference = 0;
    std::vector<double> P, C, q, cl, cu, xl, xu, x; ///< P and C dense, row-major
};

/// False if there is no such file; throws if it is not of this kind.
bool read(const std::string& path, mpc& m) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return false;
    const auto fetch = [&](auto& v) {
        file.read(reinterpret_cast<char*>(v.data()), static_cast<std::streamsize>(v.size() * sizeof(v[0])));
    };
    std::vector<char> magic(8);
    std::vector<std::int64_t> head(6);
    fetch(magic);
    fetch(head);
    if (!file || std::memcmp(magic.data(), "OPTQP01", 8) != 0 || head[0] != 1)
        throw std::runtime_error(path + " is not a problem of format OPTQP01, version 1");
    m.n = head[1];
    m.rows = head[2];
    m.reference = head[5];
    const auto size = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    std::vector<double> r(1), p_values(size(head[3])), c_values(size(head[4])), rest;
    for (auto* v : {&m.q, &m.xl, &m.xu}) v->resize(size(m.n));
    for (auto* v : {&m.cl, &m.cu}) v->resize(size(m.rows));
    for (auto* v : {&r, &p_values, &c_values, &m.q, &m.cl, &m.cu, &m.xl, &m.xu}) fetch(*v);
    if (m.reference != 0) {
        m.x.resize(size(m.n));
        rest.resize(size(m.rows + m.n));
        fetch(m.x);
        fetch(rest);
    }
    const auto columns = [&](const std::vector<double>& values, std::int64_t rows, std::vector<double>& to) {
        std::vector<std::int32_t> start(size(m.n + 1)), row(values.size());
        fetch(start);
        fetch(row);
        to.assign(size(rows * m.n), 0.0);
        for (std::int64_t j = 0; j < m.n; ++j)
            for (std::int32_t k = start[size(j)]; k < start[size(j + 1)]; ++k)
                to[size(row[size(k)] * m.n + j)] = values[size(k)];
    };
    columns(p_values, m.n, m.P);
    columns(c_values, m.rows, m.C);
    if (!file) throw std::runtime_error(path + " ends too early");
    return true;
}

/// Problem k of a batch: rows C x <= cu, -C x <= -cl, x <= xu, -x <= -xl; absent where the bound is infinite.
void put(const mpc& from, dense<double>& d, std::int64_t k) {
    const int rows = static_cast<int>(from.rows);
    for (int i = 0; i < d.n; ++i) {
        d.qat(k, i) = from.q[static_cast<std::size_t>(i)];
        for (int j = 0; j < d.n; ++j) d.Qat(k, i, j) = from.P[static_cast<std::size_t>(i * d.n + j)];
        d.Gat(k, 2 * rows + i, i) = 1;
        d.hat(k, 2 * rows + i) = from.xu[static_cast<std::size_t>(i)];
        d.Gat(k, 2 * rows + d.n + i, i) = -1;
        d.hat(k, 2 * rows + d.n + i) = -from.xl[static_cast<std::size_t>(i)];
    }
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < d.n; ++j) {
            const double value = from.C[static_cast<std::size_t>(i * d.n + j)];
            d.Gat(k, i, j) = value;
            d.Gat(k, rows + i, j) = -value;
        }
        d.hat(k, i) = from.cu[static_cast<std::size_t>(i)];
        d.hat(k, rows + i) = -from.cl[static_cast<std::size_t>(i)];
    }
}

void compare(const std::string& family) {
    std::vector<mpc> all;
    for (int i = 0; i < 15; ++i) {
        mpc m;
        if (!read(std::string(OPTNET_DATA) + "/mpc/problems/" + family + std::to_string(i) + ".qpb", m)) break;
        all.push_back(m);
    }
    if (all.empty()) {
        WARN("skipped: no " + family + " under " + std::string(OPTNET_DATA) + "/mpc");
        return;
    }
    const int n = static_cast<int>(all[0].n), m = 2 * static_cast<int>(all[0].rows + all[0].n);
    const auto batch = static_cast<std::int64_t>(all.size());
    dense<double> d = zeros(n, 0, m, batch, false);
    for (std::int64_t k = 0; k < batch; ++k) put(all[static_cast<std::size_t>(k)], d, k);
    const answer<double> a = solve(d, {}, 2);
    for (std::int64_t k = 0; k < batch; ++k) {
        const mpc& from = all[static_cast<std::size_t>(k)];
        CAPTURE(family, k, name(a.at(k)));
        if (from.reference != has_solution) {
            CHECK(a.at(k) == status::primal_infeasible);
            continue;
        }
        REQUIRE(a.at(k) == status::solved);
        CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
        // P has no eigenvalue below 1e-3; the references leave 1e-14 in their conditions.
        double size = 1;
        for (const double v : from.x) size = std::max(size, std::abs(v));
        for (int j = 0; j < n; ++j)
            CHECK(std::abs(a.z[static_cast<std::size_t>(k * n + j)] - from.x[static_cast<std::size_t>(j)]) <=
                  1e-9 * size);
    }
}

} // namespace

TEST_CASE("walking robots: the reference solutions, zero rows with h = -1e-17 among the data") { compare("LIPMWALK"); }

TEST_CASE("balancing on wheels: the reference solutions") { compare("WHLIPBAL"); }
