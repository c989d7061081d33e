// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every sentence of a compile error. The text of the user's expression is the template argument, so that compilers
// print it; the sentence tells the fix. One program in tests/ill_formed provokes each.

#include "optnet/dsl/name.hpp"

namespace optnet::dsl {

#define OPTNET_SENTENCE(NAME, TEXT)                                                                                    \
    template <name Here> struct NAME { static_assert(sizeof(Here.text) == 0, TEXT); };
#define OPTNET_SENTENCE_OF_TWO(NAME, TEXT)                                                                             \
    template <name Here, name There> struct NAME { static_assert(sizeof(Here.text) == 0, TEXT); };

// clang-format off
// curvature
OPTNET_SENTENCE(this_is_concave, "minimize takes a convex objective and this part of it is concave: change its sign, or maximize the negative")
OPTNET_SENTENCE(this_is_convex, "maximize takes a concave objective and this part of it is convex: change its sign, or minimize the negative")
OPTNET_SENTENCE(this_has_unknown_curvature, "this is neither convex nor concave by the rules of disciplined convex programming: split it, or make the sign of what stands inside known (nonneg<...>, pos, abs)")
OPTNET_SENTENCE(this_side_must_be_convex, "what is required to be smaller must be convex, and this is not: a constraint reads convex <= concave")
OPTNET_SENTENCE(this_side_must_be_concave, "what is required to be larger must be concave, and this is not: a constraint reads convex <= concave")
OPTNET_SENTENCE(this_equality_is_not_affine, "both sides of == must be affine, and this one is bent: use <= on its convex side")
OPTNET_SENTENCE(this_simplex_is_not_affine, "simplex(z) takes an affine z, whose entries sum to exactly 1: for something convex write sum(...) <= 1")
OPTNET_SENTENCE(this_is_not_a_quadratic_program, "a quadratic may stand only in the objective, under +, sum and products with nonnegative data: here use norm1, abs, max or norm_inf, which stay linear")
OPTNET_SENTENCE(this_argument_must_be_affine, "the argument of a quadratic form must be affine: sum_squares, norm1, abs and max take bent arguments")
OPTNET_SENTENCE(this_is_a_product_of_variables, "a product of variables is not affine: write quad(z, Q) or sum_squares(z) for squares; for other products one factor must be data")
OPTNET_SENTENCE(this_divides_by_a_variable, "only data may stand below a division")
OPTNET_SENTENCE(this_function_takes_data_only, "exp, log, sqrt, softplus, sigmoid and tanh take parameters alone: of a variable they are not part of a quadratic program")
OPTNET_SENTENCE_OF_TWO(this_factor_has_unknown_sign, "a factor of a bent expression must be known to be >= 0: declare it nonneg<...>; an added number loses the sign, pos(s + 1e-3) regains it")
OPTNET_SENTENCE_OF_TWO(this_threshold_has_unknown_sign, "the threshold of huber is a number or data, known to be >= 0: declare it nonneg<...>")
OPTNET_SENTENCE(this_matrix_is_not_known_to_be_psd, "the matrix of a quadratic form must be known to be positive semidefinite: declare it psd<...>, or write L * T(L)")
// shapes
OPTNET_SENTENCE_OF_TWO(these_shapes_disagree, "the shapes do not fit; a scalar goes with everything, nothing else broadcasts")
OPTNET_SENTENCE(this_multiplies_two_vectors, "the product of two vectors is written dot(a, b) for a number, mul(a, b) entry by entry")
OPTNET_SENTENCE(this_multiplies_a_vector_by_a_matrix, "a vector stands on the right of a matrix: write T(M) * v")
OPTNET_SENTENCE(this_transposes_a_vector, "a vector has no transpose: write dot(a, b) for a'b")
OPTNET_SENTENCE(this_objective_is_not_a_scalar, "an objective is a scalar: write sum(...) around it")
OPTNET_SENTENCE(only_a_vector_has_elements, "[i] is for vectors: a matrix has rows(W, i) and cols(W, j), a scalar needs no index")
OPTNET_SENTENCE(only_a_vector_goes_here, "this word takes a vector")
OPTNET_SENTENCE(a_scalar_has_no_neighbours, "tv adds up differences of neighbours: it takes a vector or a matrix, of a scalar write abs(a - b)")
OPTNET_SENTENCE(only_a_matrix_goes_here, "this word takes a matrix: of a vector write z[i] and slice<from, to>(z)")
OPTNET_SENTENCE(an_index_is_an_integer, "rows(W, i) and cols(W, j) take an integer: several rows are rows<from, to>(W)")
OPTNET_SENTENCE(these_rows_or_columns_are_outside, "rows<from, to> and cols<from, to> take from <= i < to of a matrix: 0 <= from < to <= the number of rows or columns")
OPTNET_SENTENCE_OF_TWO(this_matrix_is_not_square, "trace and diag take a square matrix: cut one out by rows<from, to> and cols<from, to>")
OPTNET_SENTENCE_OF_TWO(this_reshape_changes_the_number_of_entries, "reshape<n> and reshape<m, n> keep all entries: the product of the sizes must be the number of entries")
OPTNET_SENTENCE(only_a_matrix_has_dimensions, "a dimension in angle brackets is for matrices: of a vector write sum(z) or max(z), a scalar is its own sum")
OPTNET_SENTENCE(this_dimension_is_neither_0_nor_1, "a matrix has two dimensions: <0> takes every column together, <1> every row")
OPTNET_SENTENCE(this_slice_is_empty_or_outside, "slice<from, to> takes the entries from <= i < to of a vector: 0 <= from < to <= its size")
OPTNET_SENTENCE(this_size_stands_alone_in_no_parameter, "a size is learned from a tensor: at least one parameter must have it as a size of its own, not only inside a sum")
// operands
OPTNET_SENTENCE(this_is_no_expression, "only numbers and expressions of the language may stand beside this expression: declare a param<...> for a tensor and bind it in the call")
OPTNET_SENTENCE(only_a_number_goes_here, "the level tau of pinball and the count k of sum_largest and sum_smallest are numbers, neither data nor tensors")
OPTNET_SENTENCE(this_is_no_constant, "constant(M) takes an Eigen matrix or vector; a tensor comes with its shape in brackets, constant<m, n>(tensor); a number is one as it stands")
OPTNET_SENTENCE(this_comparison_is_not_convex, "<, > and != describe no closed convex set: write <=, >= or ==")
OPTNET_SENTENCE(these_are_no_conditions, "&&, || and ! do not combine constraints: give them to st(...) one by one")
OPTNET_SENTENCE(this_chain_points_the_wrong_way, "a range is written low <= z <= high")
OPTNET_SENTENCE(this_constraint_has_no_variable, "a constraint without a variable restricts nothing that is solved for: check the data before the call")
OPTNET_SENTENCE(st_takes_constraints, "st(...) takes constraints: comparisons of expressions by <=, >= or ==")
OPTNET_SENTENCE(this_is_constrained_before, "this problem has its constraints: give all of them to one st(...)")
// names
OPTNET_SENTENCE(two_things_have_this_name, "two different things in one problem have this name: rename one of them")
OPTNET_SENTENCE(two_constraints_have_this_name, "two constraints of one problem have this name: rename one of them")
OPTNET_SENTENCE(this_parameter_is_not_given, "this parameter has no value: bind it, name = tensor, in learn(...), fix(...) or the call")
OPTNET_SENTENCE(this_parameter_is_given_twice, "this parameter has a value already: bind it once, in learn(...), fix(...) or the call")
OPTNET_SENTENCE(this_parameter_is_unknown, "this problem has no such parameter, or one of another shape by that name")
OPTNET_SENTENCE(binds_a_tensor_or_a_number, "a parameter is bound to a tensor or a number")
OPTNET_SENTENCE(arguments_are_bindings, "every argument is name = tensor; if this is one, a local of that name hides the parameter: write model::name = tensor")
OPTNET_SENTENCE(this_dual_is_unknown, "no constraint of this problem has this name: write named<\"...\">(constraint)")
OPTNET_SENTENCE(this_variable_is_unknown, "this problem has no such variable")
// clang-format on

template <name Word, class Given> struct words_take_expressions {
    static_assert(
        sizeof(Given) == 0,
        "the words of the language take expressions: for numbers use the functions of C++, for tensors those of torch");
};

/// What a refused operation returns. Functions that refuse deduce their return type, so that the sentence comes first.
struct refused {};
template <class Sentence> constexpr refused refused_by() {
    Sentence{};
    return {};
}

#undef OPTNET_SENTENCE
#undef OPTNET_SENTENCE_OF_TWO

} // namespace optnet::dsl
