#include "runtime/known_problems.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

// Facts made by hand: each rule with what it needs, and with one thing less.

using namespace tandem;
using namespace tandem::runtime;

namespace {

const std::string application = "/home/me/application";
const std::string own = "/usr/lib/libtandem.so.0";

loaded_library openmp(const std::string& name, std::optional<int> threads, bool at_work = true) {
  loaded_library made;
  made.name = name;
  made.api = "openmp";
  made.file = "/usr/lib/" + name + ".so";
  made.threads = threads;
  made.at_work = at_work;
  return made;
}

loaded_library openblas(const std::string& file, const std::string& threading, int threads) {
  loaded_library made;
  made.name = "OpenBLAS";
  made.api = "blas";
  made.file = file;
  made.version = "0.3.21";
  made.threading = threading;
  made.threads = threads;
  made.at_work = true;
  return made;
}

const std::string blas_file = "/usr/lib/libopenblas.so.0";

// libomp serves tandem and OpenBLAS, which loaded libgomp without using it.
process_facts usual() {
  process_facts facts;
  facts.tandem_file = own;
  facts.permitted_cores = 4;
  facts.tandem_workers = 4;
  facts.libraries = {openmp("libomp", 4), openblas(blas_file, "OpenMP", 4), openmp("libgomp", std::nullopt, false)};
  facts.calls = {{"__kmpc_fork_call", own, "/usr/lib/libomp.so"},
                 {"omp_get_max_threads", own, "/usr/lib/libomp.so"},
                 {"cblas_zgemm", own, blas_file},
                 {"GOMP_parallel", blas_file, "/usr/lib/libomp.so"}};
  return facts;
}

// The application's regions run on libgomp, and so do OpenBLAS's.
process_facts with_libgomp() {
  process_facts facts = usual();
  facts.libraries[2] = openmp("libgomp", 4);
  facts.calls[3].provider = "/usr/lib/libgomp.so";
  facts.calls.push_back({"GOMP_parallel", application, "/usr/lib/libgomp.so"});
  return facts;
}

std::vector<std::string> codes(const process_facts& facts) {
  std::vector<std::string> found;
  for (const known_problem& each : known_problems(facts)) found.push_back(each.code);
  return found;
}

using words = std::vector<std::string>;

// The only problem says all of this.
void expect_only(const process_facts& facts, const std::string& code, const words& in_message, const words& in_remedy) {
  ASSERT_EQ(codes(facts), words{code});
  const known_problem found = known_problems(facts).front();
  for (const std::string& part : in_message) EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
  for (const std::string& part : in_remedy) EXPECT_NE(found.remedy.find(part), std::string::npos) << found.remedy;
}

TEST(KnownProblems, TheUsualProcessHasNone) {
  EXPECT_EQ(codes(usual()), words{});
  EXPECT_EQ(codes({}), words{});
}

TEST(KnownProblems, LibgompAndLibompBothAtWork) {
  expect_only(with_libgomp(), "two-openmp",
              {"libgomp (/usr/lib/libgomp.so, 4 threads)", "libomp (/usr/lib/libomp.so, 4 threads)", application, own,
               "4 permitted cores"},
              {"-lomp", "LD_PRELOAD=/usr/lib/libomp.so"});
}

TEST(KnownProblems, TwoCopiesOfLibgomp) {
  process_facts facts = usual();
  facts.libraries = {openmp("libgomp", 4), openmp("libgomp", 4)};
  facts.libraries[1].file = "/home/me/libgomp-24e2ab19.so.1.0.0";
  facts.calls = {{"GOMP_parallel", own, "/usr/lib/libgomp.so"},
                 {"GOMP_parallel", application, "/home/me/libgomp-24e2ab19.so.1.0.0"}};
  expect_only(facts, "two-openmp", {"/usr/lib/libgomp.so", "/home/me/libgomp-24e2ab19.so.1.0.0"}, {"libomp"});
  EXPECT_EQ(known_problems(facts).front().remedy.find("LD_PRELOAD"), std::string::npos);
}

TEST(KnownProblems, LibiompBesideAnother) {
  for (const std::string other : {"libomp", "libgomp"}) {
    process_facts facts = usual();
    facts.libraries = {openmp(other, std::nullopt), openmp("libiomp5", std::nullopt)};
    facts.calls = {{"__kmpc_fork_call", own, "/usr/lib/" + other + ".so"},
                   {"__kmpc_fork_call", application, "/usr/lib/libiomp5.so"}};
    expect_only(facts, "libiomp-and-another", {"libiomp5 (/usr/lib/libiomp5.so)", "/usr/lib/" + other + ".so"},
                {"LD_PRELOAD=/usr/lib/" + std::string(other == "libomp" ? "libomp" : "libiomp5") + ".so"});
    const std::string message = known_problems(facts).front().message;
    EXPECT_EQ(message.find("OMP: Error #15") != std::string::npos, other == "libomp") << message;
    facts.variables["KMP_DUPLICATE_LIB_OK"] = "TRUE";
    EXPECT_EQ(known_problems(facts).front().message.find("KMP_DUPLICATE_LIB_OK, which is TRUE") != std::string::npos,
              other == "libomp");
    facts.libraries[1].at_work = false;
    EXPECT_EQ(codes(facts), words{});
  }
}

TEST(KnownProblems, TwoOpenBlas) {
  process_facts facts = usual();
  facts.libraries.push_back(openblas("/home/me/libscipy_openblas.so", "OpenMP", 8));
  expect_only(facts, "two-openblas", {blas_file, "/home/me/libscipy_openblas.so", "0.3.21", "8 threads"}, {blas_file});
}

TEST(KnownProblems, OpenBlasWithThreadsOfItsOwn) {
  process_facts facts = usual();
  facts.libraries[1] = openblas(blas_file, "pthreads", 4);
  facts.calls.pop_back();
  expect_only(facts, "openblas-pthreads", {blas_file, "pthreads, 4 threads", "/usr/lib/libomp.so"},
              {"libopenblas0-openmp", "LD_PRELOAD=/usr/lib/libomp.so", "OPENBLAS_NUM_THREADS=1"});
  facts.libraries[1].threads = 1;
  EXPECT_EQ(codes(facts), words{});
  facts.libraries[1] = openblas(blas_file, "sequential", 1);
  EXPECT_EQ(codes(facts), words{});
  facts.libraries = {openblas(blas_file, "pthreads", 4)};
  facts.calls.clear();
  EXPECT_EQ(codes(facts), words{}) << "there are no OpenMP loops";
}

TEST(KnownProblems, AQuotaBelowTheWorkers) {
  process_facts facts = usual();
  facts.quota = core_limit{"cgroup quota", 2, "/sys/fs/cgroup/cpu.max: 200000 100000", true};
  expect_only(facts, "quota-below-threads", {"2 cores", "/sys/fs/cgroup/cpu.max: 200000 100000", "4 workers of tandem"},
              {"policy.workers = 2"});
  facts.tandem_workers = 2;
  EXPECT_EQ(codes(facts), words{}) << "nobody but tandem, which says its number, makes the runtime work";
  facts.quota->cores = 4;
  facts.tandem_workers = 4;
  EXPECT_EQ(codes(facts), words{});
}

TEST(KnownProblems, AQuotaBelowTheThreadsOfOthers) {
  process_facts facts = usual();
  facts.quota = core_limit{"cgroup quota", 1, "cpu.max", true};
  facts.tandem_workers = 1;
  facts.calls.push_back({"cblas_dgemm", application, blas_file});
  expect_only(facts, "quota-below-threads", {"libomp (/usr/lib/libomp.so, 4 threads)", "1 core ("},
              {"OMP_NUM_THREADS=1"});
  facts.calls.back() = {"GOMP_parallel", application, "/usr/lib/libomp.so"};
  expect_only(facts, "quota-below-threads", {"libomp (/usr/lib/libomp.so, 4 threads)"}, {"OMP_NUM_THREADS=1"});
  facts.libraries[0].threads = 1;
  EXPECT_EQ(codes(facts), words{});
  facts.libraries[1] = openblas(blas_file, "pthreads", 3);
  EXPECT_EQ(codes(facts), (words{"openblas-pthreads", "quota-below-threads"}));
  EXPECT_NE(known_problems(facts)[1].remedy.find("OPENBLAS_NUM_THREADS=1"), std::string::npos);
}

TEST(KnownProblems, BoundThreadsInSeveralPools) {
  for (const char* value : {"true", "TRUE", "close", "spread,close"}) {
    process_facts facts = usual();
    facts.variables["OMP_PROC_BIND"] = value;
    facts.permitted_cores = 1;
    expect_only(facts, "bound-pools", {value, "/usr/lib/libomp.so", "/usr/lib/libgomp.so", "permitted 1 core"},
                {"unset OMP_PROC_BIND"});
    facts.libraries.pop_back();
    EXPECT_EQ(codes(facts), words{}) << "one pool";
  }
  for (const char* value : {"false", "FALSE", "", "  "}) {
    process_facts facts = usual();
    facts.variables["OMP_PROC_BIND"] = value;
    facts.variables["OMP_PLACES"] = *value == '\0' || *value == ' ' ? "" : "cores";
    EXPECT_EQ(codes(facts), words{}) << value;
  }
}

TEST(KnownProblems, OtherVariablesBindToo) {
  for (const auto& [name, value] :
       {std::pair{"OMP_PLACES", "cores"}, {"GOMP_CPU_AFFINITY", "0-3"}, {"KMP_AFFINITY", "verbose,compact"}}) {
    process_facts facts = usual();
    facts.variables[name] = value;
    expect_only(facts, "bound-pools", {std::string(name) + " is " + value}, {std::string("unset ") + name});
  }
  for (const char* value : {"none", "disabled", "verbose,none"}) {
    process_facts facts = usual();
    facts.variables["KMP_AFFINITY"] = value;
    EXPECT_EQ(codes(facts), words{}) << value;
  }
}

TEST(KnownProblems, LibgompBeforeFork) {
  process_facts facts = usual();
  facts.libraries = {openmp("libgomp", 4)};
  facts.calls = {{"GOMP_parallel", own, "/usr/lib/libgomp.so"}};
  EXPECT_EQ(codes(facts), words{}) << "nobody forks";
  facts.fork_callers = {application};
  expect_only(facts, "libgomp-before-fork", {"/usr/lib/libgomp.so", application + " calls fork()", own},
              {"libomp", "spawn"});
  facts.fork_callers.clear();
  facts.is_forked_child = true;
  expect_only(facts, "libgomp-before-fork", {"/usr/lib/libgomp.so", "this process was made by fork()"}, {"libomp"});

  facts = usual();
  facts.fork_callers = {application};
  facts.is_forked_child = true;
  EXPECT_EQ(codes(facts), words{}) << "libomp starts anew in a child, and libgomp is idle";
}

TEST(KnownProblems, AWishThatIsNotUnderstood) {
  process_facts facts = usual();
  for (const char* value : {"", "0", "1"}) {
    facts.variables["TANDEM_INFO"] = value;
    EXPECT_EQ(codes(facts), words{}) << value;
  }
  facts.variables["TANDEM_INFO"] = "json";
  expect_only(facts, "tandem-info", {"'json'", "expected 1"}, {"TANDEM_INFO=1"});
}

}  // namespace
