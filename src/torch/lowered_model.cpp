// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/lowered_model.hpp"

#include "optnet/solver/status.hpp"
#include "optnet/torch/error.hpp"
#include "torch/arrangement.hpp"
#include "torch/autocast_off.hpp"
#include "torch/isolation.hpp"

#include <ATen/ATen.h>

#include <limits>
#include <mutex>

namespace optnet {
namespace {

using at::Tensor;

/// Entries begin .. begin + count of t [..., n] in the shape of one problem's part.
Tensor part(const Tensor& t, std::int64_t begin, const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t s : shape) count *= s;
    const Tensor cut = begin == 0 && count == t.size(-1) ? t : t.narrow(-1, begin, count);
    if (shape.size() == 1) return cut;
    std::vector<std::int64_t> sizes(t.sizes().begin(), t.sizes().end() - 1);
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    return cut.reshape(sizes);
}

std::vector<Tensor> split(const Tensor& z, const arrangement& where) {
    std::vector<Tensor> variables;
    for (std::size_t v = 0; v < where.variables.size(); ++v)
        variables.push_back(part(z, where.variables[v], where.variable_shapes[v]));
    return variables;
}

/// Values of failed samples become NaN; their gradient is exactly zero, whatever stood there.
Tensor with_nan(const Tensor& t, const Tensor& solved) {
    Tensor mask = solved;
    while (mask.dim() < t.dim()) mask = mask.unsqueeze(-1);
    return at::where(mask, t, at::full({}, std::numeric_limits<double>::quiet_NaN(), t.options()));
}

} // namespace

/// The arrangements of the sizes met last.
struct lowered_model::memory {
    static constexpr std::size_t most = 16;
    /// The last solution of an arrangement and a batch size.
    struct solved {
        std::shared_ptr<const arrangement> where;
        std::int64_t batch;
        qp_solution last;
    };
    std::mutex mutex;
    std::vector<std::shared_ptr<const arrangement>> known;
    std::vector<solved> starts;

    std::shared_ptr<const arrangement> of(const dsl::table& problem, std::span<const double> values,
                                          const arguments& call) {
        const std::scoped_lock lock(mutex);
        for (const auto& a : known)
            if (a->symbols == call.sizes.values && a->options.dtype() == call.dtype &&
                a->options.device() == call.device)
                return a;
        if (known.size() == most) known.erase(known.begin());
        known.push_back(arrange(problem, values, call));
        return known.back();
    }

    qp_solution start(const std::shared_ptr<const arrangement>& where, std::int64_t batch) {
        const std::scoped_lock lock(mutex);
        for (const solved& s : starts)
            if (s.where == where && s.batch == batch) return s.last;
        return {};
    }

    void keep(const std::shared_ptr<const arrangement>& where, std::int64_t batch, const qp_solution& found) {
        // Copies: the user may write into what was returned.
        const auto copy = [](const Tensor& t) { return t.detach().clone(); };
        const qp_solution last{copy(found.z), copy(found.nu), copy(found.lam), {}, {}, {}, {}};
        const std::scoped_lock lock(mutex);
        const auto same = [&](const solved& s) { return s.where == where && s.batch == batch; };
        std::erase_if(starts, same);
        if (starts.size() == most) starts.erase(starts.begin());
        starts.push_back({where, batch, last});
    }
};

namespace {

arguments read_call(const dsl::table& problem, std::span<const double> numbers, std::span<const bound> all) {
    arguments call = read(problem, all, true);
    read_constants(problem, numbers, call.sizes);
    return call;
}

/// One call: its arguments, where they belong, and the values computed from them.
struct call_state {
    arguments call;
    std::shared_ptr<const arrangement> where;
    std::span<const double> numbers;
    evaluator values;

    call_state(const dsl::table& problem, std::span<const double> with_numbers, arguments read_call,
               std::shared_ptr<const arrangement> found)
        : call(std::move(read_call)), where(std::move(found)), numbers(with_numbers),
          values(problem, numbers, call.sizes, call.options(), call.parameters) {
        values.reuse(where->constants);
    }

    /// What the solver takes; it must not outlive this.
    blocks filled() {
        blocks result = fill(*where, values, call.batch);
        result.apart = [this](const blocks& all, const Tensor& solved) {
            return apart_from_failed(all, solved, *where, numbers, call);
        };
        return result;
    }
};

/// The user's objective at a point. Samples without a solution are left out of the computation, so that nothing of
/// theirs reaches the gradient of what is shared.
Tensor objective_at(call_state& state, const dsl::table& problem, std::span<const double> numbers,
                    const std::vector<Tensor>& variables, const Tensor& solved) {
    std::vector<value> at_point;
    for (std::size_t v = 0; v < variables.size(); ++v)
        at_point.push_back(value::of(variables[v], static_cast<int>(state.where->variable_shapes[v].size())));
    const auto as_tensor = [&](const value& v) {
        return v.is_number() ? at::full({}, v.number, state.call.options()) : v.tensor;
    };
    const Tensor nan = at::full({}, std::numeric_limits<double>::quiet_NaN(), state.call.options());
    if (!solved.any().item<bool>()) return at::where(solved, nothing_of(state.call), nan);
    if (solved.all().item<bool>()) {
        state.values.set_variables(at_point);
        const Tensor f = as_tensor(state.values.of(problem.objective));
        return solved.dim() == 0 ? f : f.expand_as(solved);
    }
    const Tensor rows = solved.nonzero().squeeze(1);
    std::vector<value> parameters;
    for (const value& v : state.call.parameters) parameters.push_back(samples(v, rows));
    for (value& v : at_point) v = samples(v, rows);
    evaluator values(problem, numbers, state.call.sizes, state.call.options(), parameters);
    values.set_variables(at_point);
    const Tensor f = as_tensor(values.of(problem.objective)).expand({rows.size(0)});
    return nan.expand_as(solved).index_put({rows}, f);
}

} // namespace

bound bind(int parameter, const Tensor& to) { return {parameter, to, 0, false}; }
bound bind(int parameter, double to) { return {parameter, {}, to, true}; }

lowered_model::lowered_model(const dsl::table& problem, std::vector<double> of_numbers, const settings& with)
    : table(problem), numbers(std::move(of_numbers)), how(with), met(std::make_unique<memory>()) {
    try {
        optnet::check(how);
    } catch (const std::invalid_argument& mistake) {
        throw Error(mistake.what());
    }
}

lowered_model::~lowered_model() = default;

qp_solution lowered_model::solve_from_last(const std::shared_ptr<const arrangement>& where, blocks batch,
                                           bool everything) const {
    if (!how.warm_start) return solve_blocks(batch, how, everything);
    batch.start = met->start(where, batch.batch);
    qp_solution found = solve_blocks(batch, how, everything);
    met->keep(where, batch.batch, found);
    return found;
}

std::shared_ptr<const lowered_model> lowered_model::without_history(std::shared_ptr<const lowered_model> model) {
    return model->how.warm_start ? std::make_shared<const lowered_model>(model->table, model->numbers, model->how)
                                 : model;
}

void lowered_model::check_part(std::span<const bound> some) const { read(table, some, false); }

std::vector<Tensor> lowered_model::solve(std::span<const bound> all) const {
    const autocast_off guard;
    arguments call = read_call(table, numbers, all);
    auto where = met->of(table, numbers, call);
    call_state state(table, numbers, std::move(call), std::move(where));
    const qp_solution found = solve_from_last(state.where, state.filled(), false);
    return split(found.z, *state.where);
}

answer lowered_model::solve_everything(std::span<const bound> all) const {
    const autocast_off guard;
    arguments call = read_call(table, numbers, all);
    auto where = met->of(table, numbers, call);
    call_state state(table, numbers, std::move(call), std::move(where));
    answer result;
    result.where = state.where;
    result.solver = solve_from_last(state.where, state.filled(), true);
    const Tensor solved = result.solver.status.le(static_cast<std::int64_t>(status::solved_inaccurate));
    if (!solved.all().item<bool>())
        for (Tensor* t : {&result.solver.z, &result.solver.nu, &result.solver.lam, &result.solver.s})
            *t = with_nan(*t, solved);
    result.variables = split(result.solver.z, *state.where);
    result.objective = objective_at(state, table, numbers, result.variables, solved);
    return result;
}

standard_form lowered_model::matrices(std::span<const bound> all) const {
    const autocast_off guard;
    arguments call = read_call(table, numbers, all);
    auto where = met->of(table, numbers, call);
    call_state state(table, numbers, std::move(call), std::move(where));
    return to_standard_form(fill(*state.where, state.values, state.call.batch));
}

Tensor answer::dual(std::string_view name) const {
    const dsl::table& problem = *where->problem;
    Tensor sum;
    for (std::size_t c = 0; c < problem.constraints.size(); ++c) {
        const dsl::constraint& of = problem.constraints[c];
        if (of.name != name) continue;
        // Of a range and of simplex(z), the lower half comes first; its multiplier counts negative.
        const bool lower = c + 1 < problem.constraints.size() && problem.constraints[c + 1].group == of.group;
        for (std::size_t g = 0; g < problem.rows.size(); ++g) {
            if (problem.rows[g].constraint != static_cast<int>(c)) continue;
            const Tensor& all = problem.rows[g].where == solver::matrix::A ? solver.nu : solver.lam;
            Tensor own = part(all, where->rows[g], where->constraint_shapes[c]);
            while (sum.defined() && own.dim() < sum.dim()) own = own.unsqueeze(-1); // of sum(z) == 1
            sum = !sum.defined() ? (lower ? own.neg() : own) : lower ? sum - own : sum + own;
        }
    }
    if (!sum.defined()) throw Error("no constraint of this problem is named \"" + std::string(name) + "\"");
    return sum;
}

} // namespace optnet
