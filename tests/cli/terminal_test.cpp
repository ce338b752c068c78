#include <signal.h>
#include <sys/ioctl.h>
#include <tandem/tandem.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "cli/command.h"

namespace {

// Work for about that many hundredths of a second and more: `rows` million tangents, on one core.
std::vector<std::string> long_evaluation(int rows) {
  return {"eval", "sum(tan(broadcast_to(arange(1000000) * 1.5, (" + std::to_string(rows) + ", 1000000))))", "--workers",
          "1"};
}

// Runs the command with its standard error on a terminal; what it writes there.
std::string run_on_terminal(const std::vector<std::string>& arguments) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_GE(terminal, 0);
  EXPECT_EQ(grantpt(terminal), 0);
  EXPECT_EQ(unlockpt(terminal), 0);
  const int other_end = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_GE(other_end, 0);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t child = start(arguments, {{1, nowhere}, {2, other_end}});
  close(other_end);
  close(nowhere);
  std::string shown;
  char buffer[4096];
  // Reading fails when the last process that has the terminal open is gone.
  for (ssize_t count; (count = read(terminal, buffer, sizeof buffer)) > 0;)
    shown.append(buffer, static_cast<std::size_t>(count));
  EXPECT_EQ(wait_for(child), 0);
  close(terminal);
  return shown;
}

}  // namespace

TEST(terminal, long_work_shows_progress_and_erases_it) {
  using clock = std::chrono::steady_clock;
  for (int rows = 64; rows <= 65536; rows *= 2) {
    const auto before = clock::now();
    const std::string shown = run_on_terminal(long_evaluation(rows));
    if (clock::now() - before < std::chrono::milliseconds(1500)) continue;
    EXPECT_NE(shown.find(" %  "), std::string::npos) << shown;
    EXPECT_NE(shown.find(" s"), std::string::npos) << shown;
    EXPECT_EQ(shown.find('\n'), std::string::npos) << shown;
    EXPECT_EQ(shown.find("100 %  0"), std::string::npos) << shown;
    // The last thing is a line of blanks between two returns to the margin.
    ASSERT_EQ(shown.back(), '\r');
    const std::size_t erasing = shown.rfind('\r', shown.size() - 2);
    ASSERT_NE(erasing, std::string::npos);
    EXPECT_EQ(shown.find_first_not_of(' ', erasing + 1), shown.size() - 1) << shown;
    return;
  }
  FAIL() << "no work took long enough";
}

TEST(terminal, a_measurement_shows_progress) {
  // At least 2 s.
  const std::string shown =
      run_on_terminal({"scale", "sin(a)", "a=ones(10)", "--max", "1", "--seconds", "0.5", "--rounds", "4"});
  EXPECT_NE(shown.find(" %  "), std::string::npos) << shown;
  EXPECT_EQ(shown.find('\n'), std::string::npos) << shown;
}

TEST(terminal, short_work_shows_nothing) { EXPECT_EQ(run_on_terminal({"eval", "1 + 1"}), ""); }

TEST(terminal, a_pipe_never_sees_progress) {
  using clock = std::chrono::steady_clock;
  for (int rows = 64; rows <= 65536; rows *= 2) {
    const auto before = clock::now();
    const outcome result = run(long_evaluation(rows));
    EXPECT_EQ(result.err, "");
    if (clock::now() - before > std::chrono::milliseconds(1200)) return;
  }
  FAIL() << "no work took long enough";
}

TEST(terminal, nobody_reading_the_output_is_no_error_to_talk_about) {
  const temporary_folder folder;
  for (const bool ignored : {false, true}) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    // An ignored signal stays ignored in the process that is started.
    const auto before = signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);
    const int status = wait_for(start({"eval", "1 + 1"}, {{1, ends[1]}, {2, err}}));
    signal(SIGPIPE, before);
    close(ends[1]);
    close(err);
    EXPECT_EQ(status, ignored ? 1 : 128 + SIGPIPE);
    EXPECT_EQ(read_text(folder / "err"), "");
  }
}

TEST(terminal, a_full_disk_is) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "there is no /dev/full";
  const temporary_folder folder;
  const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(wait_for(start({"eval", "1 + 1"}, {{1, full}, {2, err}})), 1);
  close(full);
  close(err);
  EXPECT_EQ(read_text(folder / "err"), "tandem: cannot write to standard output: No space left on device\n");
}

TEST(terminal, an_interrupt_leaves_the_old_output_whole) {
  const temporary_folder folder;
  tandem::save(folder / "r.npy", tandem::array<int>({1, 2, 3}));
  const std::string before = read_text(folder / "r.npy");
  std::vector<std::string> arguments = long_evaluation(65536);
  arguments.insert(arguments.end(), {"-o", folder / "r.npy"});
  const pid_t child = start(arguments, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 128 + SIGINT);
  EXPECT_EQ(read_text(folder / "r.npy"), before);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"r.npy"});
}
