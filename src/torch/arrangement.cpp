// SPDX-License-Identifier: Apache-2.0
#include "torch/arrangement.hpp"

#include "optnet/torch/error.hpp"
#include "torch/range_checks.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>

namespace optnet {
namespace {

using at::Tensor;
using dsl::vector_of;
using solver::matrix;

std::size_t place(std::int64_t i) { return static_cast<std::size_t>(i); }

class arranger {
public:
    arranger(const dsl::table& of, std::span<const double> with_numbers, const arguments& with_call)
        : problem(of), numbers(with_numbers), call(with_call),
          values(of, with_numbers, with_call.sizes, with_call.options(), {}) {}

    std::shared_ptr<const arrangement> arrange() {
        check_ranges(problem, numbers, call.sizes);
        result.symbols = call.sizes.values;
        result.options = call.options();
        result.problem = &problem;
        place_columns();
        place_rows();
        for (const dsl::block& b : problem.blocks) add_block(b);
        for (std::size_t i = 0; i < problem.nodes.size(); ++i) keep_constant(static_cast<int>(i));
        result.q = vector(vector_of::q, structure.n);
        result.b = vector(vector_of::b, structure.p);
        result.h = vector(vector_of::h, structure.m);
        solver::check(structure);
        result.structure = std::make_shared<const solver::structure>(std::move(structure));
        return std::make_shared<const arrangement>(std::move(result));
    }

private:
    std::int64_t size(const dsl::size_form& s) const { return call.sizes.of(s); }

    void place_columns() {
        result.variables.resize(problem.variables.size());
        std::int64_t begin = 0;
        for (const dsl::column& c : problem.columns) {
            result.columns.push_back(begin);
            if (c.variable >= 0) result.variables[place(c.variable)] = begin;
            begin += size(c.count);
        }
        structure.n = static_cast<int>(begin);
        for (const dsl::declaration& v : problem.variables) result.variable_shapes.push_back(call.sizes.of(v.shape));
    }

    void place_rows() {
        std::int64_t p = 0, m = 0;
        for (const dsl::row_group& g : problem.rows) {
            const std::int64_t count = size(g.count);
            const bool pair = g.kind == solver::row_kind::epigraph;
            std::int64_t& end = g.where == matrix::A ? p : m;
            result.rows.push_back(end);
            result.row_counts.push_back(count);
            if (g.where == matrix::G) {
                solver::row_group group{g.kind, static_cast<int>(m), static_cast<int>(pair ? 2 * count : count)};
                if (pair) {
                    group.epigraph_column = static_cast<int>(result.columns[place(g.epigraph_column)]);
                    group.epigraph_shared = g.epigraph_shared;
                }
                structure.groups.push_back(group);
            }
            end += pair ? 2 * count : count;
        }
        structure.p = static_cast<int>(p);
        structure.m = static_cast<int>(m);
        for (const dsl::constraint& c : problem.constraints) {
            const auto& left = problem.nodes[place(c.left)].shape;
            const auto& right = problem.nodes[place(c.right)].shape;
            result.constraint_shapes.push_back(call.sizes.of(left.rank == 0 ? right : left));
        }
    }

    std::int64_t begin_of(const dsl::place& at, bool in_columns) const {
        const auto& begins = in_columns ? result.columns : result.rows;
        std::int64_t begin = begins[place(at.group)] + size(at.offset);
        if (at.slot >= 0) {
            const std::int64_t step = at.counts_rows < 0 ? 1 : size(problem.nodes[place(at.counts_rows)].shape.cols);
            begin += step * static_cast<std::int64_t>(numbers[place(at.slot)]);
        }
        if (at.second_half) begin += result.row_counts[place(at.group)];
        return begin;
    }

    /// scale * factor, both known before any tensor.
    double weight(double scale, int factor) { return factor < 0 ? scale : scale * values.of(factor).number; }

    void add_block(const dsl::block& b) {
        solver::block made;
        made.where = b.where;
        made.kind = b.kind;
        made.row = static_cast<int>(begin_of(b.row, b.where == matrix::Q));
        made.col = static_cast<int>(begin_of(b.col, true));
        made.rows = static_cast<int>(size(b.rows));
        made.cols = static_cast<int>(size(b.cols));
        made.first = b.first;
        made.last = b.last;
        made.scale = weight(b.scale, b.factor);
        if (made.rows == 0 || made.cols == 0) return;
        if (b.source >= 0 && b.kind != solver::block_kind::identity) made.source = source(b, made.rows);
        structure.blocks.push_back(made);
    }

    /// Blocks that store one node in the same way share a source, and so its gradient.
    int source(const dsl::block& b, int rows) {
        const bool by_rows = b.kind == solver::block_kind::diagonal ||
                             (b.kind == solver::block_kind::dense && problem.nodes[place(b.source)].shape.rank < 2);
        const filling wanted{b.source, b.kind, by_rows ? rows : 0};
        const auto found = std::find(result.sources.begin(), result.sources.end(), wanted);
        if (found != result.sources.end()) return static_cast<int>(found - result.sources.begin());
        result.sources.push_back(wanted);
        return static_cast<int>(result.sources.size()) - 1;
    }

    bool constant(int node) const {
        return node < 0 || (!problem.nodes[place(node)].has_parameters && !problem.nodes[place(node)].has_variables);
    }

    /// Nodes that a call would compute anew though no argument reaches them.
    void keep_constant(int node) {
        const dsl::op code = problem.nodes[place(node)].code;
        if (code == dsl::op::constant) result.constants.emplace_back(node, values.of(node));
        if (!constant(node) || code == dsl::op::number) return;
        const auto serves = [&](const auto& part) { return part.source == node; };
        const bool wanted = std::any_of(problem.blocks.begin(), problem.blocks.end(), serves) || is_argument(node);
        if (wanted) result.constants.emplace_back(node, values.of(node));
    }

    bool is_argument(int node) const {
        for (const dsl::node& n : problem.nodes)
            if (n.has_parameters)
                for (int k = 0; k < n.argument_count; ++k)
                    if (problem.arguments[place(n.first_argument + k)] == node) return true;
        return false;
    }

    /// The parts of one vector, cut where any of them begins or ends, neighbours without terms joined.
    stretches vector(vector_of which, int whole) {
        std::vector<std::int64_t> cuts{0, whole};
        bool any = false;
        for (const dsl::vector_part& p : problem.vectors) {
            if (p.where != which || size(p.count) == 0) continue;
            any = true;
            const std::int64_t begin = begin_of(p.at, which == vector_of::q);
            cuts.insert(cuts.end(), {begin, begin + size(p.count)});
        }
        // q is always there: a tensor of the solver must say dtype and device.
        if (!any && which == vector_of::q) return {stretch{0, whole, {}, at::zeros({whole}, result.options)}};
        if (!any) return {};
        std::sort(cuts.begin(), cuts.end());
        cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
        stretches all;
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) all.push_back(one_stretch(which, cuts[i], cuts[i + 1]));
        return joined(std::move(all));
    }

    stretch one_stretch(vector_of which, std::int64_t begin, std::int64_t end) {
        stretch made{begin, end - begin, {}, {}};
        for (const dsl::vector_part& p : problem.vectors) {
            if (p.where != which) continue;
            const std::int64_t first = begin_of(p.at, which == vector_of::q);
            if (first > begin || first + size(p.count) < end) continue;
            const stretch_term term{p.source, weight(p.scale, p.factor), begin - first};
            if (!constant(p.source)) {
                made.terms.push_back(term);
                continue;
            }
            const Tensor part = term_value(term, made.count, values, result.options);
            made.constant = made.constant.defined() ? made.constant + part : part;
        }
        return made;
    }

    /// Neighbours that depend on no parameter become one, so that a call joins few pieces.
    stretches joined(stretches all) const {
        const auto known = [&](const stretch& s) {
            return s.constant.defined() ? s.constant : at::zeros({s.count}, result.options);
        };
        stretches fewer;
        for (stretch& s : all) {
            if (fewer.empty() || !s.terms.empty() || !fewer.back().terms.empty()) {
                fewer.push_back(std::move(s));
                continue;
            }
            fewer.back().constant = at::cat({known(fewer.back()), known(s)});
            fewer.back().count += s.count;
        }
        for (stretch& s : fewer)
            if (s.terms.empty()) s.constant = known(s);
        return fewer;
    }

public:
    /// scale * `count` entries of a source from `term.from` on, [count] or [batch, count].
    static Tensor term_value(const stretch_term& term, std::int64_t count, evaluator& values,
                             const at::TensorOptions& options) {
        const value v = term.source < 0 ? value::of(1) : values.of(term.source);
        if (v.is_number()) return at::full({count}, v.number * term.scale, options);
        Tensor t = entries(v);
        if (v.rank == 0)
            t = t.expand(v.batched() ? at::IntArrayRef({t.size(0), count}) : at::IntArrayRef({count}));
        else if (term.from != 0 || t.size(-1) != count)
            t = t.narrow(-1, term.from, count);
        if (term.scale == 1) return t;
        return term.scale == -1 ? t.neg() : t * term.scale;
    }

private:
    const dsl::table& problem;
    std::span<const double> numbers;
    const arguments& call;
    evaluator values;
    solver::structure structure;
    arrangement result;
};

/// The tensor of a source in the shape that its blocks store.
Tensor block_tensor(const filling& f, const value& v, const at::TensorOptions& options) {
    switch (f.kind) {
    case solver::block_kind::identity:
    case solver::block_kind::scaled_identity: return v.is_number() ? at::full({}, v.number, options) : v.tensor;
    case solver::block_kind::diagonal:
        if (v.is_number()) return at::full({f.rows}, v.number, options);
        if (v.rank == 0)
            return v.tensor.unsqueeze(-1).expand(v.batched() ? at::IntArrayRef({v.tensor.size(0), f.rows})
                                                             : at::IntArrayRef({f.rows}));
        return v.diagonal || v.rank == 1 ? v.tensor : v.tensor.diagonal(0, -2, -1);
    case solver::block_kind::banded:
    case solver::block_kind::sparse: return v.tensor;
    case solver::block_kind::dense:
        if (v.is_number()) return at::full({1, 1}, v.number, options);
        if (v.rank == 2) return dense(v).tensor;
        return f.rows == 1 ? entries(v).unsqueeze(-2) : v.tensor.unsqueeze(-1);
    }
    return {};
}

Tensor vector_tensor(const stretches& of, evaluator& values, const at::TensorOptions& options) {
    if (of.empty()) return {};
    std::vector<Tensor> pieces;
    std::int64_t batch = -1;
    for (const stretch& s : of) {
        Tensor sum = s.constant;
        for (const stretch_term& term : s.terms) {
            const Tensor part = arranger::term_value(term, s.count, values, options);
            sum = sum.defined() ? sum + part : part;
        }
        if (sum.dim() == 2 && batch != sum.size(0)) batch = batch == -1 || batch == 1 ? sum.size(0) : batch;
        pieces.push_back(std::move(sum));
    }
    if (pieces.size() == 1) return pieces[0];
    if (batch >= 0)
        for (Tensor& piece : pieces) piece = piece.expand({batch, piece.size(-1)});
    return at::cat(pieces, -1);
}

/// Whether a part is computed from parameters, not one of them.
bool has_functions(const stretches& of, const dsl::table& problem) {
    return std::any_of(of.begin(), of.end(), [&](const stretch& s) {
        return std::any_of(s.terms.begin(), s.terms.end(), [&](const stretch_term& t) {
            return problem.nodes[place(t.source)].code != dsl::op::parameter;
        });
    });
}

} // namespace

std::shared_ptr<const arrangement> arrange(const dsl::table& problem, std::span<const double> numbers,
                                           const arguments& call) {
    // What is remembered must serve calls of every mode.
    const c10::InferenceMode ordinary(false);
    const at::NoGradGuard no_grad;
    return arranger(problem, numbers, call).arrange();
}

blocks fill(const arrangement& where, evaluator& values, std::int64_t batch) {
    blocks result;
    result.structure = where.structure;
    result.data.reserve(where.sources.size());
    for (const filling& f : where.sources) result.data.push_back(block_tensor(f, values.of(f.node), where.options));
    result.q = vector_tensor(where.q, values, where.options);
    result.b = vector_tensor(where.b, values, where.options);
    result.h = vector_tensor(where.h, values, where.options);
    // h = inf is a row that is not there; its gradient is 0 and must not meet the infinity on the way back.
    if (has_functions(where.h, *where.problem) && result.h.requires_grad() &&
        !at::isfinite(result.h).all().item<bool>()) {
        values.stop_at_infinity();
        result.h = vector_tensor(where.h, values, where.options);
    }
    result.batch = batch;
    return result;
}

} // namespace optnet
