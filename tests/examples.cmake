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

add_test(NAME example.readme COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/readme.py ${PROJECT_SOURCE_DIR}/README.md
                                     ${PROJECT_SOURCE_DIR}/examples/quickstart/main.cpp)
