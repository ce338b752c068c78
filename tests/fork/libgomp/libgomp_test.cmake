# Why libomp: the same objects of the library, compiled with g++, linked with g++'s own OpenMP runtime and with libomp.
# With libgomp a child of fork that shares work out hangs, which is known (its threads are not there, and it waits for
# them); with libomp it is right. If this test fails because libgomp has learned it, the choice can be thought over.
# Variables: compiler, source_folder, work_folder, libomp.
cmake_policy(VERSION 3.25)

file(REMOVE_RECURSE ${work_folder})
file(MAKE_DIRECTORY ${work_folder})
file(GLOB sources ${source_folder}/src/runtime/*.cpp)
list(APPEND sources ${source_folder}/tests/fork/libgomp/forked_region.cpp)
set(objects "")
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  list(APPEND objects ${name}.o)
endforeach()

function(run_step name)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${work_folder}
                  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${name}: status ${status}\n${text}")
  endif()
  set(text "${text}" PARENT_SCOPE)
endfunction()

foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  run_step("compile ${name}" ${compiler} -std=c++20 -O0 -fopenmp -I${source_folder}/include -I${source_folder}/src
           -c ${source} -o ${name}.o)
endforeach()
run_step("link with libgomp" ${compiler} -fopenmp ${objects} -lfmt -ldl -o with_libgomp)
run_step("link with libomp" ${compiler} ${objects} ${libomp} -lfmt -ldl -lpthread -o with_libomp)

run_step("run with libomp" ./with_libomp)
message("${text}")
if(NOT text MATCHES "libomp[^/]*: right\n$")
  message(FATAL_ERROR "a child was expected to be right with libomp")
endif()
run_step("run with libgomp" ./with_libgomp)
message("${text}")
if(NOT text MATCHES "libgomp[^/]*: hung\n$")
  message(FATAL_ERROR "a child was expected to hang with libgomp")
endif()
