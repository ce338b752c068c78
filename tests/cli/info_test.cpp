#include <tandem/machine.h>

#include <string>

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
        std::string("cuda              not built")}) {
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
            "version processor cores permitted_cores memory_bytes memory_pool instruction_sets openmp blas backends\n");
  EXPECT_EQ(from_json(result.out, "d[\"version\"], d[\"cores\"], d[\"permitted_cores\"], d[\"memory_bytes\"]"),
            here.version + " " + std::to_string(here.cores) + " " + std::to_string(here.permitted_cores) + " " +
                std::to_string(here.memory_bytes) + "\n");
  EXPECT_EQ(from_json(result.out, "d[\"backends\"]"), "{'cpu': {'built': True}, 'cuda': {'built': False}}\n");
  EXPECT_EQ(from_json(result.out, "d[\"instruction_sets\"][\"TANDEM_ISA\"]"), "None\n");
  EXPECT_EQ(from_json(result.out, "d[\"instruction_sets\"][\"in_use\"] == d[\"instruction_sets\"][\"usable\"][-1]"),
            "True\n");
  EXPECT_EQ(from_json(result.out, "d[\"blas\"][\"configuration\"]"), here.blas.configuration + "\n");
  EXPECT_NE(here.openmp.file.find("libomp"), std::string::npos) << here.openmp.file;
}

#if defined(__x86_64__)
TEST(info, names_the_instruction_set_that_is_forced) {
  setenv("TANDEM_ISA", "x86-64-v2", 1);
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  unsetenv("TANDEM_ISA");
  EXPECT_NE(text.out.find("TANDEM_ISA        x86-64-v2\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("x86-64-v2 (in use), avx2"), std::string::npos) << text.out;
  EXPECT_EQ(from_json(document.out, "d[\"instruction_sets\"][\"in_use\"], d[\"instruction_sets\"][\"TANDEM_ISA\"]"),
            "x86-64-v2 x86-64-v2\n");
}
#endif

TEST(info, an_impossible_environment_is_an_error) {
  for (const auto& [name, value] : {std::pair{"TANDEM_ISA", "sse9"}, std::pair{"TANDEM_MEMORY_POOL", "maybe"}}) {
    setenv(name, value, 1);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"info"}, std::vector<std::string>{"info", "--json"}}) {
      const outcome result = run(arguments);
      EXPECT_EQ(result.status, 1);
      EXPECT_EQ(result.out, "");
      EXPECT_NE(result.err.find(std::string(name) + " is '" + value + "'; expected "), std::string::npos) << result.err;
    }
    unsetenv(name);
  }
}

TEST(info, the_pool_may_be_off) {
  setenv("TANDEM_MEMORY_POOL", "off", 1);
  const outcome text = run({"info"});
  const outcome document = run({"info", "--json"});
  unsetenv("TANDEM_MEMORY_POOL");
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
