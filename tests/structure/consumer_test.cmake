# Installs the library into a folder of its own, builds the example of a user's project against it, and runs it. The README
# shows that example and its output: it must show what is there.
# Variables: build_folder, source_folder, readme, work_folder, generator, compiler, flags.
cmake_policy(VERSION 3.25)

file(REMOVE_RECURSE ${work_folder})
file(MAKE_DIRECTORY ${work_folder})
set(prefix ${work_folder}/prefix)
set(steps
  "install|${CMAKE_COMMAND}|--install|${build_folder}|--prefix|${prefix}"
  "configure|${CMAKE_COMMAND}|-G|${generator}|-S|${source_folder}|-B|${work_folder}/build|-DCMAKE_PREFIX_PATH=${prefix}|-DCMAKE_CXX_COMPILER=${compiler}|-DCMAKE_CXX_FLAGS=${flags}|-DCMAKE_BUILD_TYPE=Release"
  "build|${CMAKE_COMMAND}|--build|${work_folder}/build"
  "run|${work_folder}/build/consumer")
foreach(step ${steps})
  string(REPLACE "|" ";" command "${step}")
  list(POP_FRONT command name)
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${work_folder} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${name}: status ${status}\n${text}")
  endif()
endforeach()
message("${text}")
if(NOT EXISTS ${work_folder}/product.npy)
  message(FATAL_ERROR "run: wrote no product.npy")
endif()
file(READ ${source_folder}/main.cpp program)
string(REGEX REPLACE "([^\n]+)" "    \\1" output "${text}")
file(READ ${readme} shown)
foreach(part program output)
  string(FIND "${shown}" "${${part}}" position)
  if("${${part}}" STREQUAL "" OR position EQUAL -1)
    message(FATAL_ERROR "${readme} does not show the example's ${part}:\n${${part}}")
  endif()
endforeach()

if(EXISTS ${prefix}/bin/tandem)
  execute_process(COMMAND ${prefix}/bin/tandem --version RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the installed command: status ${status}\n${text}")
  endif()
  message("${text}")
endif()
