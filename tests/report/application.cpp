// An application that uses tandem, and is built and started in ways that go well or badly.
//
//     application [fork] [FILE ...]
//
// opens each FILE with its own dependencies before all others, makes a parallel region of its own where it is compiled
// with OpenMP, forks if it was compiled to and is told to, and evaluates; the child does, if there is one.
#include <dlfcn.h>
#include <tandem/tandem.h>

#include <cstdio>
#include <cstring>

#ifdef APPLICATION_FORKS
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace td = tandem;

namespace {

long sum_below(long end) {
  long sum = 0;
#ifdef _OPENMP
#pragma omp parallel for reduction(+ : sum)
#endif
  for (long i = 0; i < end; ++i) sum += i;
  return sum;
}

int evaluate() {
  try {
    const td::ndarray sum = td::eval(td::sum(td::arange(0.0, 1e6)));
    // A product that OpenBLAS computes: its last places tell whether it did so on one thread, as it should.
    const td::ndarray x = td::sin(td::reshape(td::arange(0.0, 160000.0), {400, 400}));
    const td::ndarray y = td::astype(x, td::dtype::complex128);
    std::printf("%.17g\n", td::ndarray(td::real(td::sum(td::matmul(y, y)))).item<double>());
    std::fflush(stdout);
    return sum.item<double>() == 499999500000.0 ? 0 : 3;
  } catch (const td::error& failure) {
    std::fprintf(stderr, "application: %s\n", failure.what());
    return 7;
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool forks = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "fork") == 0) {
      forks = true;
    } else if (dlopen(argv[i], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      return 2;
    }
  }
  if (sum_below(1000) != 499500) return 4;
#ifdef APPLICATION_FORKS
  if (forks) {
    const pid_t child = fork();
    if (child == 0) _exit(evaluate());
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 5;
    return WEXITSTATUS(status);
  }
#endif
  return forks ? 6 : evaluate();
}
