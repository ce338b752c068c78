# The tables of docs/parallelism.md are what the command prints, so that they cannot fall behind the functions.
# Variables: command, page.
execute_process(COMMAND ${command} ops --parallel OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "'tandem ops --parallel' failed: ${status}")
endif()
set(begin "<!-- tandem ops --parallel -->\n")
set(end "<!-- end -->\n")
file(READ ${page} written)
string(FIND "${written}" "${begin}" first)
string(FIND "${written}" "${end}" last)
if(first EQUAL -1 OR last EQUAL -1)
  message(FATAL_ERROR "${page} lacks the line '<!-- tandem ops --parallel -->' or the line '<!-- end -->'")
endif()
string(LENGTH "${begin}" length)
math(EXPR first "${first} + ${length}")
math(EXPR length "${last} - ${first}")
string(SUBSTRING "${written}" ${first} ${length} table)
if(NOT printed STREQUAL table)
  message(FATAL_ERROR "${page}: between its two marks is not what 'tandem ops --parallel' prints; write it anew: "
    "tandem ops --parallel | sed -i -e '/^<!-- tandem/,/^<!-- end/{//!d}' -e '/^<!-- tandem/r /dev/stdin' "
    "docs/parallelism.md")
endif()
