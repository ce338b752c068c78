// A program without OpenMP that opens a library as interpreters open their modules, for itself only, and calls its
// `plugin_main(int, char**)`.
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  void* const plugin = argc > 1 ? dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL) : nullptr;
  void* const entry = plugin == nullptr ? nullptr : dlsym(plugin, "_Z11plugin_mainiPPc");
  if (entry == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  return reinterpret_cast<int (*)(int, char**)>(entry)(argc - 1, argv + 1);
}
