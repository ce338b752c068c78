# Writes a C++ file with the texts of headers: cmake -D output=FILE -D root=FOLDER -D "headers=NAME=PATH|..." -P this.
# A string literal may be as long as compilers must allow, 65,536 bytes, so texts are cut into several.
string(REPLACE "|" ";" headers "${headers}")
set(entries "")
foreach(entry IN LISTS headers)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${entry}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" text)
  string(FIND "${text}" ")embedded\"" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${name} has the mark that ends an embedded text")
  endif()
  set(literals "")
  string(LENGTH "${text}" length)
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 piece)
    string(APPEND literals "R\"embedded(${piece})embedded\"\n")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  string(APPEND entries "    {\"${name}\",\n${literals}},\n")
endforeach()
file(WRITE "${output}" "#include \"cuda/codegen/headers.h\"

namespace tandem::cuda {

std::span<const header> headers() noexcept {
  static constexpr header all[] = {
${entries}  };
  return all;
}

}  // namespace tandem::cuda
")
