#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/text_file.h"
#include "support/with_variable.h"

// Runs the tandem command as its users do: as a process.

using tandem::testing::read_text;
using tandem::testing::temporary_folder;
using tandem::testing::with_variable;
using tandem::testing::write_text;

struct outcome {
  /// The exit status, or 128 + the signal that ended the process.
  int status = -1;
  std::string out;
  std::string err;
};

/// Where a standard stream of the command goes: a file descriptor to hand on.
struct redirection {
  int stream;
  int descriptor;
};

/// Starts the command; its id.
inline pid_t start(const std::vector<std::string>& arguments, const std::vector<redirection>& streams) {
  std::vector<std::string> all = {TANDEM_COMMAND};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& one : all) argv.push_back(one.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const redirection& one : streams) posix_spawn_file_actions_adddup2(&actions, one.descriptor, one.stream);
  pid_t child = -1;
  const int status = posix_spawn(&child, TANDEM_COMMAND, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(status, 0) << "cannot start " << TANDEM_COMMAND;
  return child;
}

/// Waits for the end of a process; its status as in `outcome`.
inline int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs the command to its end.
inline outcome run(const std::vector<std::string>& arguments, const std::string& input = "") {
  const temporary_folder folder;
  write_text(folder / "in", input);
  const int in = open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC);
  const int out = open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  outcome result;
  result.status = wait_for(start(arguments, {{0, in}, {1, out}, {2, err}}));
  close(in);
  close(out);
  close(err);
  result.out = read_text(folder / "out");
  result.err = read_text(folder / "err");
  return result;
}

/// `tandem eval` with the given arguments.
inline outcome evaluate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "eval");
  return run(arguments);
}
