#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// Runs the tandem command as its users do: as a process.

struct outcome {
  /// The exit status, or 128 + the signal that ended the process.
  int status = -1;
  std::string out;
  std::string err;
};

/// A folder that is deleted at the end.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tandem_cli_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make a folder like " << name;
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  /// Names of the files in it, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      list.push_back(entry.path().filename().string());
    std::sort(list.begin(), list.end());
    return list;
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

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
