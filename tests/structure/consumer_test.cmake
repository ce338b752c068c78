# Installs the library into a folder of its own, builds the example of a user's project against it, and runs it.
# Variables: build_folder, source_folder, work_folder, generator, compiler, flags.
cmake_policy(VERSION 3.25)

file(REMOVE_RECURSE ${work_folder})
set(prefix ${work_folder}/prefix)
set(steps
  "install|${CMAKE_COMMAND}|--install|${build_folder}|--prefix|${prefix}"
  "configure|${CMAKE_COMMAND}|-G|${generator}|-S|${source_folder}|-B|${work_folder}/build|-DCMAKE_PREFIX_PATH=${prefix}|-DCMAKE_CXX_COMPILER=${compiler}|-DCMAKE_CXX_FLAGS=${flags}|-DCMAKE_BUILD_TYPE=Release"
  "build|${CMAKE_COMMAND}|--build|${work_folder}/build"
  "run|${work_folder}/build/consumer")
foreach(step ${steps})
  string(REPLACE "|" ";" command "${step}")
  list(POP_FRONT command name)
  execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${name}: status ${status}\n${text}")
  endif()
endforeach()
message("${text}")
if(NOT text MATCHES "\\[0\\. 3\\. 6\\.\\]")
  message(FATAL_ERROR "run: unexpected output")
endif()
if(EXISTS ${prefix}/bin/tandem)
  execute_process(COMMAND ${prefix}/bin/tandem --version RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the installed command: status ${status}\n${text}")
  endif()
  message("${text}")
endif()
