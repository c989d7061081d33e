// SPDX-License-Identifier: Apache-2.0
#pragma once

// minimize, maximize, st: a problem is an objective and its constraints.

#include "optnet/dsl/constraint.hpp"

#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/unpack.hpp>

namespace optnet::dsl {

enum class sense : unsigned char { minimize, maximize };

/// The part of a sum that has the wrong curvature, as text: the first term that is neither affine nor of curvature
/// `Good`.
template <mark Good, class E> struct offender { using type = E; };
template <mark Good, class A, class B> struct offender<Good, expr::node<kinds::add, A, B>> {
    static constexpr bool first = A::what.curvature != mark::zero && A::what.curvature != Good;
    using type = offender<Good, std::conditional_t<first, A, B>>::type;
};

template <sense Sense, class F> constexpr void check_objective() {
    constexpr mark good = Sense == sense::minimize ? mark::plus : mark::minus;
    using part = offender<good, F>::type;
    if constexpr (F::form.rank != 0)
        this_objective_is_not_a_scalar<text_of<F>()>();
    else if constexpr (F::what.curvature == mark::zero || F::what.curvature == good)
        return;
    else if constexpr (part::what.curvature == mark::any)
        this_has_unknown_curvature<text_of<part>()>();
    else if constexpr (Sense == sense::minimize)
        this_is_concave<text_of<part>()>();
    else
        this_is_convex<text_of<part>()>();
}

template <class C> constexpr void flatten_constraint(program& p, int group, std::string_view label) {
    using type = std::remove_cvref_t<C>;
    if constexpr (requires { type::label; }) {
        flatten_constraint<decltype(type::of)>(p, group, type::label.view());
    } else if constexpr (requires { &type::upper; }) {
        flatten_constraint<decltype(type::lower)>(p, group, label);
        flatten_constraint<decltype(type::upper)>(p, group, label);
    } else {
        []<relation Kind, bool Flipped, class L, class R>(program& into, int number, std::string_view text,
                                                          const expr::comparison<Kind, Flipped, L, R>*) {
            const int left = flatten<L>(into), right = flatten<R>(into);
            into.constraints.push_back({left, right, Kind, Flipped, number, text});
        }(p, group, label, static_cast<const type*>(nullptr));
    }
}

template <class C> constexpr void collect_constraint_numbers(const C& c, held& out) {
    if constexpr (requires { c.of; }) {
        collect_constraint_numbers(c.of, out);
    } else if constexpr (requires { c.upper; }) {
        collect_constraint_numbers(c.lower, out);
        collect_constraint_numbers(c.upper, out);
    } else {
        if constexpr (std::remove_cvref_t<decltype(c.left)>::has_numbers) collect_numbers(c.left, out);
        if constexpr (std::remove_cvref_t<decltype(c.right)>::has_numbers) collect_numbers(c.right, out);
    }
}

/// The program of a problem's type: nodes in the order objective, constraints.
template <class Problem> constexpr program flatten_problem() {
    program p;
    p.nodes.reserve(128);
    p.arguments.reserve(128);
    p.objective = flatten<typename Problem::objective>(p);
    p.maximize = Problem::direction == sense::maximize;
    int group = 0;
    Problem::for_each_constraint([&]<class C>(const C*) { flatten_constraint<C>(p, group++, {}); });
    return p;
}

/// The value of every slot of `program`, in order, then those of its constants: the numbers that the problem object
/// holds.
template <class Problem> constexpr std::vector<double> numbers(const Problem& problem) {
    held out;
    if constexpr (Problem::objective::has_numbers) collect_numbers(problem.objective_expression, out);
    boost::hana::unpack(problem.constraint_tuple, [&](const auto&... c) { (collect_constraint_numbers(c, out), ...); });
    out.numbers.insert(out.numbers.end(), out.constants.begin(), out.constants.end());
    return out.numbers;
}

/// The place in `names` of the first that occurs again later; -1 if none does.
constexpr int first_repeated(const std::vector<std::string_view>& names) {
    for (std::size_t i = 0; i < names.size(); ++i)
        for (std::size_t j = i + 1; j < names.size(); ++j)
            if (!names[i].empty() && names[i] == names[j]) return static_cast<int>(i);
    return -1;
}

/// Variables and parameters as declared; a name twice means two different things.
constexpr std::vector<std::string_view> names_of_data(const program& p) {
    std::vector<std::string_view> all;
    all.reserve(p.variables.size() + p.parameters.size());
    for (const declaration& d : p.variables) all.push_back(d.name);
    for (const declaration& d : p.parameters) all.push_back(d.name);
    return all;
}

/// The names of constraints as written; both halves of a range are one.
constexpr std::vector<std::string_view> names_of_constraints(const program& p) {
    std::vector<std::string_view> all;
    for (const dsl::constraint& c : p.constraints)
        if (all.size() == static_cast<std::size_t>(c.group)) all.push_back(c.name);
    return all;
}

/// The size that stands alone in no parameter's shape and so can never be known; -1 if there is none.
constexpr int unknown_size(const program& p) {
    const auto alone = [](const size_form& s, int which) {
        return s.count == 1 && s.constant == 0 && s.terms[0].symbol == which && s.terms[0].coefficient == 1 &&
               s.terms[0].second < 0;
    };
    for (int which = 0; which < static_cast<int>(p.symbols.size()); ++which) {
        bool known = p.symbols[static_cast<std::size_t>(which)][0] == '?'; // a constant says it
        for (const declaration& d : p.parameters)
            known = known || (d.shape.rank > 0 && alone(d.shape.rows, which)) ||
                    (d.shape.rank > 1 && alone(d.shape.cols, which));
        if (!known) return which;
    }
    return -1;
}

/// The first offence of each kind, as places among names of data, names of constraints and symbols; -1: none.
struct offences {
    int data = -1, constraints = -1, size = -1;
};

/// One evaluation for all of them, since the compiler takes its time to flatten a problem.
template <class Problem>
inline constexpr offences offences_of = [] {
    const program p = flatten_problem<Problem>();
    return offences{first_repeated(names_of_data(p)), first_repeated(names_of_constraints(p)), unknown_size(p)};
}();

template <class Problem> constexpr void check_names() {
    constexpr int data = offences_of<Problem>.data, constraints = offences_of<Problem>.constraints;
    if constexpr (data >= 0)
        two_things_have_this_name<name_of([](program&, printer<program>& into) {
            into.append(names_of_data(flatten_problem<Problem>())[static_cast<std::size_t>(data)]);
        })>();
    if constexpr (constraints >= 0)
        two_constraints_have_this_name<name_of([](program&, printer<program>& into) {
            into.append(names_of_constraints(flatten_problem<Problem>())[static_cast<std::size_t>(constraints)]);
        })>();
}

} // namespace optnet::dsl

namespace optnet::expr {

/// minimize or maximize an objective subject to constraints.
template <dsl::sense Sense, class F, class... C> struct problem {
    using objective = F;
    static constexpr dsl::sense direction = Sense;
    static constexpr bool is_problem = true;
    F objective_expression;
    boost::hana::basic_tuple<C...> constraint_tuple;

    /// Calls f(static_cast<const C*>(nullptr)) for each type of constraint, in the order written.
    static constexpr void for_each_constraint(auto&& f) { (f(static_cast<const C*>(nullptr)), ...); }

    /// The same problem subject to these constraints.
    template <class... D> constexpr auto st(const D&... constraints) const {
        if constexpr (sizeof...(C) > 0) {
            dsl::this_is_constrained_before<dsl::text_of<F>()>();
            return *this;
        } else if constexpr (!(constraint<D> && ...)) {
            dsl::st_takes_constraints<dsl::text_of<F>()>();
            return *this;
        } else {
            using made = problem<Sense, F, D...>;
            dsl::check_names<made>();
            return made{objective_expression, boost::hana::basic_tuple<D...>(constraints...)};
        }
    }
};

template <class F> constexpr auto minimize(const F& f) {
    if constexpr (expression<F>) {
        dsl::check_objective<dsl::sense::minimize, F>();
        dsl::check_names<problem<dsl::sense::minimize, F>>();
        return problem<dsl::sense::minimize, F>{f, {}};
    } else {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("minimize"), F>>();
    }
}

template <class F> constexpr auto maximize(const F& f) {
    if constexpr (expression<F>) {
        dsl::check_objective<dsl::sense::maximize, F>();
        dsl::check_names<problem<dsl::sense::maximize, F>>();
        return problem<dsl::sense::maximize, F>{f, {}};
    } else {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("maximize"), F>>();
    }
}

} // namespace optnet::expr
