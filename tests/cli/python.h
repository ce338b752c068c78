#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cli/command.h"

// What Python's own parsers find in documents of the command.

/// What a Python program prints that is given the document as the file sys.argv[1].
inline std::string from_python(const std::string& document, const std::string& program) {
  const temporary_folder folder;
  write_text(folder / "document", document);
  write_text(folder / "program", program);
  const std::string command =
      "/usr/bin/python3 " + (folder / "program") + " " + (folder / "document") + " > " + (folder / "out") + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << document << read_text(folder / "out");
  return read_text(folder / "out");
}

/// What an expression over the JSON document `d` is in Python.
inline std::string from_json(const std::string& document, const std::string& expression) {
  return from_python(document, "import json, sys\nd = json.load(open(sys.argv[1]))\nprint(" + expression + ")\n");
}
