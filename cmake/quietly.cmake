# SPDX-License-Identifier: Apache-2.0
# cmake -D report=<file> -P quietly.cmake -- <command>...: what the command says goes to the file, and is shown if it fails.

set(command "")
set(found FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(found)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(found TRUE)
  endif()
endforeach()
execute_process(COMMAND ${command} OUTPUT_FILE "${report}" ERROR_FILE "${report}" RESULT_VARIABLE failed)
if(failed)
  file(READ "${report}" said)
  message(FATAL_ERROR "${said}")
endif()
