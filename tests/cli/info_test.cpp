#include <sched.h>
#include <tandem/machine.h>
#include <tandem/report.h>

#include <optional>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/python.h"

// tandem info, as text and as JSON, which Python's parser reads.

TEST(info, is_a_line_for_each_thing_with_aligned_values) {
  const outcome result = run({"info"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const tandem::machine here = tandem::machine_info();
  for (const std::string& row :
       {"tandem            " + here.version, "processor         " + here.processor,
        "cores             " + std::to_string(here.cores) + ", permitted: " + std::to_string(here.permitted_cores),
        std::string("TANDEM_ISA        not set"), "BLAS              " + here.blas.file,
        "                  " + here.blas.configuration, std::string("cpu               built"),
        std::string(here.backends.at(1).built ? "cuda              built" : "cuda              not built")}) {
    EXPECT_NE(("\n" + result.out).find("\n" + row + "\n"), std::string::npos) << row << "\n" << result.out;
  }
  for (const tandem::instruction_set_info& each : here.instruction_sets) {
    EXPECT_NE(result.out.find(each.name + (each.in_use ? " (in use)" : "")), std::string::npos) << each.name;
  }
}

TEST(info, json_says_the_same) {
  const outcome result = run({"info", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const tandem::machine here = tandem::machine_info();
  EXPECT_EQ(from_json(result.out, "\" \".join(d)"),
            "version processor cores permitted_cores core_limits memory_bytes memory_pool instruction_sets openmp blas "
            "backends policy workers libraries serves thread_variables gpus problems\n");
  EXPECT_EQ(from_json(result.out, "d[\"version\"], d[\"cores\"], d[\"permitted_cores\"], d[\"memory_bytes\"]"),
            here.version + " " + std::to_string(here.cores) + " " + std::to_string(here.permitted_cores) + " " +
                std::to_string(here.memory_bytes) + "\n");
  const std::string cuda = here.backends.at(1).built ? "True" : "False";
  EXPECT_EQ(from_json(result.out, "d[\"backends\"]"),
            "{'cpu': {'built': True}, 'cuda': {'built': " + cuda + "}, 'simulated': {'built': True}}\n");
  EXPECT_EQ(from_json(result.out, "d[\"instruction_sets\"][\"TANDEM_ISA\"]"), "None\n");
  EXPECT_EQ(from_json(result.out, "d[\"instruction_sets\"][\"in_use\"] == d[\"instruction_sets\"][\"usable\"][-1]"),
            "True\n");
  EXPECT_EQ(from_json(result.out, "d[\"blas\"][\"configuration\"]"), here.blas.configuration + "\n");
  EXPECT_NE(here.openmp.file.find("libomp"), std::string::npos) << here.openmp.file;
}

TEST(info, shows_the_libraries_of_the_process_and_whom_they_serve) {
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  // The command is linked as this program is.
  const tandem::runtime_facts here = tandem::runtime_report();
  ASSERT_GE(here.libraries.size(), 2U);
  std::string names;
  for (const tandem::loaded_library& each : here.libraries) {
    EXPECT_NE(text.out.find((each.at_work ? "at work, " : "idle, ") + each.file + "\n"), std::string::npos) << text.out;
    names += each.name + " " + each.file + " " + (each.at_work ? "True" : "False") + "\n";
  }
  EXPECT_EQ(from_json(document.out,
                      "\"\\n\".join(\" \".join([e[\"name\"], e[\"file\"], str(e[\"at_work\"])]) for e in "
                      "d[\"libraries\"])"),
            names);
  EXPECT_EQ(from_json(document.out,
                      "[e[\"version\"] for e in d[\"libraries\"] if e[\"name\"] == \"OpenBLAS\"][0] in "
                      "d[\"blas\"][\"configuration\"]"),
            "True\n");
  EXPECT_EQ(from_json(document.out,
                      "{e[\"provider\"] == d[\"blas\"][\"file\"] for e in d[\"serves\"] if e[\"call\"] == "
                      "\"cblas_zgemm\"}"),
            "{True}\n");
  EXPECT_EQ(from_json(document.out,
                      "{e[\"provider\"] == d[\"openmp\"][\"file\"] for e in d[\"serves\"] if e[\"call\"] == "
                      "\"omp_get_max_threads\"}"),
            "{True}\n");
  EXPECT_NE(text.out.find(": cblas_zgemm"), std::string::npos) << text.out;
}

TEST(info, names_the_limit_that_decides) {
  const with_variable slots("NSLOTS", "1");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  EXPECT_NE(text.out.find(", permitted: 1\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("1 by scheduler: NSLOTS=1"), std::string::npos) << text.out;
  EXPECT_EQ(
      from_json(document.out, "d[\"permitted_cores\"], [e[\"cores\"] for e in d[\"core_limits\"] if e[\"decides\"]]"),
      "1 [1]\n");
  EXPECT_EQ(from_json(document.out, "[e for e in d[\"core_limits\"] if e[\"name\"] == \"scheduler\"][0][\"source\"]"),
            "NSLOTS=1\n");
}

TEST(info, follows_the_affinity_mask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int last = 0;
  for (int i = 0; i < CPU_SETSIZE; ++i) last = CPU_ISSET(i, &before) ? i : last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const outcome document = run({"info", "--json"});
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(from_json(document.out, "d[\"permitted_cores\"], d[\"core_limits\"][0]"),
            "1 {'name': 'affinity mask', 'cores': 1, 'source': '" + std::to_string(last) + "', 'decides': True}\n");
}

TEST(info, shows_each_field_of_the_policy_and_what_decided_it) {
  const with_variable workers("TANDEM_WORKERS", "3");
  const with_variable device("TANDEM_DEVICE", "gpu:1");
  const with_variable rule("TANDEM_STRICTNESS", "Preferred");
  const with_variable memory("TANDEM_HOST_MEMORY", "2GiB");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  EXPECT_EQ(text.err, "");
  EXPECT_NE(text.out.find("workers: 3 (TANDEM_WORKERS)\n"), std::string::npos) << text.out;
  EXPECT_EQ(from_json(document.out, "\" \".join(d[\"policy\"])"),
            "workers device strictness determinism transfers host_memory_bytes device_memory_bytes fast_math "
            "pinned\n");
  EXPECT_EQ(from_json(document.out, "d[\"workers\"], d[\"policy\"][\"workers\"]"),
            "3 {'value': '3', 'source': 'TANDEM_WORKERS'}\n");
  EXPECT_EQ(from_json(document.out, "d[\"policy\"][\"device\"], d[\"policy\"][\"strictness\"]"),
            "{'value': 'gpu:1', 'source': 'TANDEM_DEVICE'} {'value': 'preferred', 'source': 'TANDEM_STRICTNESS'}\n");
  EXPECT_EQ(from_json(document.out, "d[\"policy\"][\"host_memory_bytes\"], d[\"policy\"][\"fast_math\"]"),
            "{'value': '2147483648', 'source': 'TANDEM_HOST_MEMORY'} {'value': 'off', 'source': 'default'}\n");
}

TEST(info, names_variables_that_cannot_be_read) {
  const with_variable transfers("TANDEM_TRANSFERS", "sometimes");
  const with_variable slots("NSLOTS", "many");
  const outcome text = run({"info"});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.out.find("transfers: unreadable (TANDEM_TRANSFERS)\n"), std::string::npos) << text.out;
  EXPECT_NE(text.err.find("tandem: warning: TANDEM_TRANSFERS is 'sometimes'; expected implicit or forbidden"),
            std::string::npos)
      << text.err;
  EXPECT_NE(text.err.find("tandem: warning: NSLOTS is 'many'"), std::string::npos) << text.err;
}

TEST(info, says_why_no_gpu_is_used) {
  const tandem::gpu_facts gpus = tandem::runtime_report().gpus;
  EXPECT_NE(run({"info"}).out.find("GPUs              none used: " + gpus.why_unused + "\n"), std::string::npos);
  EXPECT_EQ(from_json(run({"info", "--json"}).out, "d[\"gpus\"][\"why_unused\"], len(d[\"gpus\"][\"devices\"])"),
            gpus.why_unused + " " + std::to_string(gpus.devices.size()) + "\n");
}

TEST(info, warns_of_problems_on_standard_error_and_lists_them) {
  std::optional<with_variable> wish(std::in_place, "TANDEM_INFO", "yes");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  wish.reset();
  const std::string message = "TANDEM_INFO is 'yes'; expected 1, or 0 or nothing for no report";
  const std::string remedy = "set TANDEM_INFO=1, or unset it";
  for (const outcome& each : {text, document}) {
    EXPECT_EQ(each.status, 0);
    EXPECT_EQ(each.err, "tandem: warning: " + message + "; " + remedy + "\n");
  }
  EXPECT_NE(text.out.find("problem           tandem-info: " + message + "\n                  remedy: " + remedy + "\n"),
            std::string::npos)
      << text.out;
  EXPECT_EQ(
      from_json(document.out, "len(d[\"problems\"]), d[\"problems\"][0][\"code\"], d[\"problems\"][0][\"message\"]"),
      "1 tandem-info " + message + "\n");
  EXPECT_EQ(from_json(run({"info", "--json"}).out, "d[\"problems\"]"), "[]\n");
}

TEST(info, thread_settings_are_shown) {
  const with_variable threads("OMP_NUM_THREADS", "3");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  EXPECT_NE(text.out.find("OMP_NUM_THREADS=3\n"), std::string::npos) << text.out;
  EXPECT_EQ(from_json(document.out, "d[\"thread_variables\"][\"OMP_NUM_THREADS\"]"), "3\n");
  EXPECT_EQ(from_json(document.out, "[e[\"threads\"] for e in d[\"libraries\"] if e[\"name\"] == \"libomp\"]"),
            "[3]\n");
}

#if defined(__x86_64__)
TEST(info, names_the_instruction_set_that_is_forced) {
  const with_variable isa("TANDEM_ISA", "x86-64-v2");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  EXPECT_NE(text.out.find("TANDEM_ISA        x86-64-v2\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("x86-64-v2 (in use), avx2"), std::string::npos) << text.out;
  EXPECT_EQ(from_json(document.out, "d[\"instruction_sets\"][\"in_use\"], d[\"instruction_sets\"][\"TANDEM_ISA\"]"),
            "x86-64-v2 x86-64-v2\n");
}
#endif

TEST(info, an_impossible_environment_is_an_error) {
  for (const auto& [name, value] : {std::pair{"TANDEM_ISA", "sse9"}, std::pair{"TANDEM_MEMORY_POOL", "maybe"}}) {
    const with_variable impossible(name, value);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"info"}, std::vector<std::string>{"info", "--json"}}) {
      const outcome result = run(arguments);
      EXPECT_EQ(result.status, 1);
      EXPECT_EQ(result.out, "");
      EXPECT_NE(result.err.find(std::string(name) + " is '" + value + "'; expected "), std::string::npos) << result.err;
    }
  }
}

TEST(info, the_pool_may_be_off) {
  const with_variable pool("TANDEM_MEMORY_POOL", "off");
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  EXPECT_NE(text.out.find("memory pool       off\n"), std::string::npos) << text.out;
  EXPECT_EQ(from_json(document.out, "d[\"memory_pool\"]"), "{'on': False, 'limit_bytes': 0}\n");
}

TEST(info, takes_no_other_argument) {
  const outcome result = run({"info", "--yaml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("info takes no argument but --json; given '--yaml'"), std::string::npos) << result.err;
  EXPECT_NE(run({"info", "--help"}).out.find("tandem info [--json]"), std::string::npos);
  EXPECT_NE(run({"help"}).out.find("tandem info [--json]"), std::string::npos);
}
