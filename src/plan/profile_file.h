#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "plan/profile.h"
#include "plan/profile_text.h"

// The file that a machine's profile is kept in.
namespace tandem::plan {

/// What the environment variable TANDEM_PROFILE says, else profile.json in the cache folder; "" for none: the variable
/// is empty, or there is no cache folder. Makes nothing. Throws: `std::bad_alloc`.
std::string profile_file();

/// What this machine's constants depend on: its processor, the permitted cores, the quota, and the libraries and loops
/// that work is done by. Thread safety: any thread. Throws: as `backend::describe`.
validators find_host_validators();

/// With texts as a profile keeps them: short, and of characters that every reader can show. Throws: `std::bad_alloc`.
validators readable(validators of);

/// The first difference, as readers understand it: "processor: AMD EPYC, here Intel Xeon"; "" if there is none. A name
/// that only one of them has is a difference.
std::string difference(const validators& of_file, const validators& here);

/// A profile that predictions can be made from, whatever the file holds.
struct loaded_profile {
  /// The host's constants are measured or, failing that, shipped ones. Devices are those of the file; whether they are
  /// what they were says `constants_of`.
  profile constants;
  /// Where it is from; "" if from nowhere.
  std::string file;
  bool host_is_calibrated = false;
  /// What is wrong with the file, each with the file's name and what to do about it.
  std::vector<std::string> problems;
};

/// Of `file`; "" for none. That there is no file is a problem only if `must_be`. Waits for no pipe, and reads no more
/// than a profile can have. Thread safety: any thread.
/// Throws: `std::bad_alloc`, and as `find_host_validators`; never for what the file holds.
loaded_profile load_profile(const std::string& file, bool must_be);
/// Of `profile_file()`.
loaded_profile load_profile();

/// What a device's constants depend on: its name, and what its backend says. Throws: as `backend::describe`.
validators find_validators(backend::backend& of);

/// The calibrated constants of a device, by its name and `find_validators` of it, if there are some and it is what it
/// was; why not, if there are some that are of something else, is added to the problems. Throws: `std::bad_alloc`.
std::optional<device_profile> constants_of(loaded_profile& from, std::string_view device, const validators& here);

/// Whether `write_profile` can make a file there, as far as that can be known before. Throws: `io_error` if not.
void check_writable(const std::string& file);

/// Writes a profile so that nobody ever sees a part of it: beside the file, then in its place; links are followed.
/// Nobody else can read or write it. Throws: `io_error`, with the file, also for what is no regular file; what was
/// there before stays then.
void write_profile(const profile& what, const std::string& file);

/// For other files beside the profile, with the same care. What a file of at most `most_profile_bytes` holds; none with
/// a problem, or if there is no file, which is a problem only if it `must_be`. Throws: `std::bad_alloc`.
std::optional<std::string> content_of(const std::string& file, bool must_be, std::string& problem);
/// Throws: `io_error`.
void write_whole(const std::string& text, const std::string& file);

}  // namespace tandem::plan
