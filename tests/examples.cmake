# SPDX-License-Identifier: Apache-2.0
# Each example in its short size must end well and write what it says.

foreach(name quickstart sudoku denoise)
  set(arguments)
  if(NOT name STREQUAL "quickstart")
    set(arguments --small --out ${CMAKE_CURRENT_BINARY_DIR}/${name}-out)
  endif()
  add_test(NAME example.${name} COMMAND example_${name} ${arguments})
  set_tests_properties(example.${name} PROPERTIES TIMEOUT 300)
endforeach()

# What is refused is refused in a line that a reader takes in.
add_test(NAME example.range COMMAND example_sudoku --epochs 0)
set_tests_properties(example.range PROPERTIES PASS_REGULAR_EXPRESSION "Value 0 not in range 1 to 1000000")

add_test(NAME example.readme COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/readme.py ${PROJECT_SOURCE_DIR}/README.md
                                     ${PROJECT_SOURCE_DIR}/examples/quickstart/main.cpp)
