# docs/ops.md is what the command prints of the tables, so that it cannot fall behind them.
# Variables: command, page.
execute_process(COMMAND ${command} ops --markdown OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "'tandem ops --markdown' failed: ${status}")
endif()
file(READ ${page} written)
if(NOT printed STREQUAL written)
  message(FATAL_ERROR "${page} is not what 'tandem ops --markdown' prints; write it anew: tandem ops --markdown > docs/ops.md")
endif()
