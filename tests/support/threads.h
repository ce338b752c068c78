#pragma once

#include <dirent.h>

namespace tandem::testing {

/// All threads of the calling process, asleep or not; -1 if the system does not say.
inline int threads_of_this_process() {
  DIR* const tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return -1;
  int count = 0;
  while (const dirent* const each = readdir(tasks)) count += each->d_name[0] == '.' ? 0 : 1;
  closedir(tasks);
  return count;
}

}  // namespace tandem::testing
