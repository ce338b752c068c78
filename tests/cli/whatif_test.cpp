#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "command.h"

namespace {

class WhatIfCommand : public testing::Test {
 protected:
  // Writes a log of a product and a sum.
  void make_log() const {
    const with_variable decisions("TANDEM_DECISIONS", log());
    const outcome made = evaluate({"sum(a @ a)", "a=ones(700, 700)"});
    ASSERT_EQ(made.status, 0) << made.err;
    ASSERT_EQ(made.err, "");
  }
  std::string log() const { return folder_ / "log.jsonl"; }

  temporary_folder folder_;
};

TEST_F(WhatIfCommand, ReportsWhatTheDeviceWouldHaveDone) {
  make_log();
  const outcome text = run({"whatif", log()});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_NE(text.out.find("sim:h200 (simulated"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("matmul(float64 (700, 700), float64 (700, 700))"), std::string::npos) << text.out;
  const outcome json = run({"whatif", log(), "--device=sim:gen3-card", "--format", "json"});
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(json.out.find("{\n  \"device\": \"sim:gen3-card\",\n  \"simulated\": true"), 0U) << json.out;
  const outcome html = run({"whatif", "--device", "sim:coupled", log(), "-o", folder_ / "report.html"});
  ASSERT_EQ(html.status, 0) << html.err;
  EXPECT_EQ(html.out, "");
  EXPECT_EQ(read_text(folder_ / "report.html").find("<!DOCTYPE html>"), 0U);
}

TEST_F(WhatIfCommand, ReplaysToTheSameDecisions) {
  make_log();
  const outcome found = run({"replay", log()});
  EXPECT_EQ(found.status, 0) << found.err;
  EXPECT_NE(found.out.find("decisions, all the same\n"), std::string::npos) << found.out;
  std::string text = read_text(log());
  const std::size_t at = text.find("\"cause\":\"only-place\"");
  ASSERT_NE(at, std::string::npos);
  write_text(log(), text.replace(at, 20, "\"cause\":\"resident\""));
  const outcome changed = run({"replay", log()});
  EXPECT_EQ(changed.status, 1);
  EXPECT_NE(changed.out.find("cause: only-place, recorded resident"), std::string::npos) << changed.out;
}

TEST_F(WhatIfCommand, ReplaysDecisionsAmongDevices) {
  {
    const with_variable candidates("TANDEM_CANDIDATES", "sim:h200,sim:gen3-card");
    make_log();
  }
  EXPECT_NE(read_text(log()).find("\"name\":\"sim:gen3-card\""), std::string::npos);
  const outcome found = run({"replay", log()});
  EXPECT_EQ(found.status, 0) << found.out << found.err;
}

TEST_F(WhatIfCommand, AnApplicationReportsWhenItEnds) {
  const with_variable wish("TANDEM_WHATIF", "sim:h200");
  const outcome told = evaluate({"sum(a @ a)", "a=ones(700, 700)"});
  EXPECT_EQ(told.status, 0);
  EXPECT_EQ(told.out, "343000000.0\n");
  EXPECT_EQ(told.err.find("tandem what-if: this host with sim:h200"), 0U) << told.err;
  const with_variable output("TANDEM_WHATIF_OUTPUT", folder_ / "report.json");
  const outcome written = evaluate({"sum(a @ a)", "a=ones(700, 700)"});
  EXPECT_EQ(written.status, 0);
  EXPECT_EQ(written.err, "");
  EXPECT_NE(read_text(folder_ / "report.json").find("\"device\": \"sim:h200\""), std::string::npos);
}

TEST_F(WhatIfCommand, RefusesVariablesThatItCannotHeed) {
  const auto refused = [](const std::string& names) {
    const outcome found = evaluate({"1 + a", "a=ones(3)"});
    EXPECT_EQ(found.status, 1);
    EXPECT_NE(found.err.find(names), std::string::npos) << found.err;
  };
  {
    const with_variable wish("TANDEM_WHATIF", "sim:none");
    refused("TANDEM_WHATIF=sim:none");
  }
  {
    const with_variable wish("TANDEM_WHATIF", "cpu");
    refused("'cpu' is no device besides the CPU");
  }
  {
    const with_variable wish("TANDEM_WHATIF", "sim:h200");
    const with_variable output("TANDEM_WHATIF_OUTPUT", "report.pdf");
    refused("report.pdf");
  }
  const with_variable decisions("TANDEM_DECISIONS", (folder_ / "none") + "/log");
  refused("decision log: cannot open");
}

TEST_F(WhatIfCommand, RefusesWhatIsNoLog) {
  const outcome none = run({"replay", folder_ / "none"});
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.err.find("cannot open"), std::string::npos) << none.err;
  write_text(log(), "{\"kind\":\"header\",\"format\":1,\"version\":7}\n");
  for (const char* command : {"replay", "whatif"}) {
    const outcome found = run({command, log()});
    EXPECT_EQ(found.status, 1);
    EXPECT_NE(found.err.find("line 1, version: expected a text, found 7"), std::string::npos) << found.err;
  }
}

TEST_F(WhatIfCommand, IsCalledWrongly) {
  const std::vector<std::vector<std::string>> calls{{"whatif"},
                                                    {"whatif", "a", "b"},
                                                    {"whatif", "a", "--device"},
                                                    {"whatif", "a", "--device", "tpu"},
                                                    {"whatif", "a", "--format", "pdf"},
                                                    {"whatif", "a", "--output", "x.pdf"},
                                                    {"whatif", "a", "--format", "json", "--output", "x.json"},
                                                    {"whatif", "a", "--devise", "sim:h200"},
                                                    {"replay"},
                                                    {"replay", "a", "b"},
                                                    {"replay", "--fast"}};
  for (const std::vector<std::string>& each : calls) {
    const outcome found = run(each);
    EXPECT_EQ(found.status, 2) << each.back();
    EXPECT_NE(found.err.find("(see 'tandem help " + each.front() + "')"), std::string::npos) << found.err;
  }
  for (const char* command : {"whatif", "replay"}) {
    EXPECT_EQ(run({command, "--help"}).out, run({"help", command}).out);
  }
}

}  // namespace
