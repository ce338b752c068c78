#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <tandem/errors.h>

#include "made_up_events.h"
#include "plan/decision_log.h"
#include "plan/decision_reader.h"
#include "plan/priors.h"
#include "plan/profile_text.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"

namespace tandem::plan {
namespace {

// What a log says comes back as it was, and what is no log is refused with the place in the file.
class DecisionLog : public ::testing::Test {
 protected:
  std::string path() const { return folder_ / "log.jsonl"; }
  std::string text() const { return testing::read_text(path()); }
  void write(std::string_view contents) const { testing::write_text(path(), contents); }

  // The error of reading the file; "" if there is none.
  std::string problem() const {
    recorder ignored;
    try {
      decision_reader reader(path());
      reader.read(ignored);
    } catch (const io_error& error) {
      return error.what();
    }
    return "";
  }

  static log_header header() {
    log_header made{"0.1.0", {true, 0.005}, false, {}};
    made.constants.host = prior_for(host_facts{"AMD EPYC 9655 96-Core Processor", 26, false, 7, 8, 1e6, 3e7});
    made.constants.valid_for = {{"processor", "x"}};
    return made;
  }

  static named_device_profile made_up_device(const char* name) {
    return {name, {{"uuid", "1"}}, prior_for(backend::hardware_hints{})};
  }

  // Each kind of event, and each field with a value that is its own.
  void tell_everything(observer& to) {
    to.on_device(made_up_device("sim:h200"));
    to.on_device(made_up_device("gpu:0"));
    credit_ = 12.625F;
    made_up_evaluation first;
    first.number = 3;
    first.definition = 99;
    first.structure = 0xfedcba9876543210;
    first.planned = 7;
    first.what = made_up_product(48, dtype::complex128);
    first.what.temporary_bytes = 4096;
    first.name = "matmul";
    first.text = "matmul(c128[48,48], \"quoted\\\" \n c128[48,48])";
    first.site = "a \"file\".cpp:12";
    first.reads = {{1, 36864, 1, false, nullptr}, {std::numeric_limits<std::uint64_t>::max(), 5, 6, true, &credit_}};
    first.writes = {9, 36864, 2, true, &credit_};
    first.writes_all = false;
    first.is_new = false;
    first.asked = asking::about_work;
    first.runs = false;
    first.worker_limit = 64;
    first.allowed = 5;
    first.free_bytes = {0, 141'000'000'000, 12345};
    first.cold_us = {0, 1e5, std::numeric_limits<double>::infinity()};
    first.place = 2;
    first.workers = {};
    first.why = cause::compute_bound;
    first.predicted_us = 0.1 + 0.2;
    first.predicted_work_us = 1e-300;
    first.tell(to);
    to.on_copy(1, true, false, 36864, 12.1);
    to.on_copy(2, false, true, 0, 0);
    made_up_evaluation second;
    second.number = 4;
    second.tell(to);
    to.on_outcome(4, 0.3);
    to.on_failure(3);
    to.on_outcome(3, 700.25);
    first.number = 5;
    first.site = "";
    first.tell(to);
    to.on_host_read(9);
    to.on_host_write(1);
    to.on_free(std::numeric_limits<std::uint64_t>::max());
  }

  testing::temporary_folder folder_;
  std::atomic<float> credit_{0};
};

TEST_F(DecisionLog, ComesBackAsItWas) {
  recorder told;
  told.host = header().constants.host;
  tell_everything(told);
  {
    decision_log log(path(), header());
    tell_everything(log);
    log.close();
  }
  recorder found;
  found.host = header().constants.host;
  decision_reader reader(path());
  reader.read(found);
  EXPECT_EQ(found.lines, told.lines);
  ASSERT_EQ(told.lines.size(), 13U);
  EXPECT_FALSE(reader.is_cut_off());
  EXPECT_EQ(reader.header().version, "0.1.0");
  EXPECT_FALSE(reader.header().is_from_start);
  EXPECT_TRUE(reader.header().settings.learns);
  EXPECT_EQ(reader.header().settings.exploration, 0.005);
  EXPECT_EQ(text_of(reader.header().constants, digits::all), text_of(header().constants, digits::all));
}

TEST_F(DecisionLog, WritesATaskAndASiteOnce) {
  {
    decision_log log(path(), header());
    tell_everything(log);
    made_up_evaluation again;
    again.number = 9;
    again.site = "a \"file\".cpp:12";
    again.tell(log);
  }
  const std::string found = text();
  const auto count = [&](std::string_view what) {
    int times = 0;
    for (std::size_t at = found.find(what); at != std::string::npos; at = found.find(what, at + 1)) ++times;
    return times;
  };
  EXPECT_EQ(count(R"("kind":"task")"), 2);
  EXPECT_EQ(count(R"("kind":"site")"), 1);
  EXPECT_EQ(count(R"("kind":"evaluation")"), 4);
}

TEST_F(DecisionLog, HoldsLogsThatAreLargerThanItsBuffer) {
  recorder told;
  told.host = header().constants.host;
  {
    decision_log log(path(), header());
    made_up_evaluation each;
    for (std::uint64_t i = 1; i <= 5000; ++i) {
      each.number = i;
      each.tell(log);
      each.tell(told);
    }
    log.close();
  }
  recorder found;
  found.host = header().constants.host;
  decision_reader(path()).read(found);
  EXPECT_EQ(found.lines, told.lines);
}

TEST_F(DecisionLog, BegunInTheMiddleHasNoEndsOfWhatBeganBefore) {
  recorder seen;
  {
    decision_log log(path(), header());
    log.on_outcome(6, 1.5);
    made_up_evaluation made;
    made.number = 8;
    made.tell(log);
    log.on_failure(7);
    log.on_outcome(8, 2.5);
    log.on_outcome(7, 1.5);
    log.close();
  }
  decision_reader(path()).read(seen);
  ASSERT_EQ(seen.lines.size(), 2U);
  EXPECT_EQ(seen.lines[0].find("evaluation 8 "), 0U);
  EXPECT_EQ(seen.lines[1], "outcome 8 0x1.4p+1");
}

TEST_F(DecisionLog, TellsOfFilesThatCannotBeWritten) {
  EXPECT_THROW(decision_log(folder_ / "none/log", header()), io_error);
  EXPECT_THROW(decision_log(folder_.path(), header()), io_error);
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THROW(decision_log(fifo, header()), io_error);
  if (std::filesystem::exists("/dev/full")) {
    EXPECT_THROW(decision_log("/dev/full", header()), io_error);
  }
}

TEST_F(DecisionLog, AnAbandonedOneKeepsWhatWasWritten) {
  decision_log log(path(), header());
  const std::string before = text();
  tell_everything(log);
  log.abandon();
  tell_everything(log);
  log.close();
  EXPECT_EQ(text(), before);
  EXPECT_NE(before, "");
}

TEST_F(DecisionLog, EachTruncationIsReadUpToThereOrRefused) {
  recorder told;
  told.host = header().constants.host;
  {
    decision_log log(path(), header());
    tell_everything(log);
  }
  decision_reader(path()).read(told);
  const std::string whole = text();
  const std::size_t header_bytes = whole.find('\n') + 1;
  // Within profiles not each byte: their own tests do that.
  const std::size_t devices_end = whole.find("\"kind\":\"site\"");
  for (std::size_t size = 0; size < whole.size(); size += size % header_bytes < 40 || size > devices_end ? 1 : 301) {
    write(whole.substr(0, size));
    if (size < header_bytes) {
      EXPECT_NE(problem(), "") << size;
      continue;
    }
    recorder found;
    found.host = header().constants.host;
    decision_reader reader(path());
    reader.read(found);
    EXPECT_EQ(reader.is_cut_off(), whole[size - 1] != '\n') << size;
    ASSERT_LE(found.lines.size(), told.lines.size());
    for (std::size_t i = 0; i < found.lines.size(); ++i) ASSERT_EQ(found.lines[i], told.lines[i]) << size;
  }
}

TEST_F(DecisionLog, RefusesWhatIsNoHeader) {
  for (const std::string_view first : {"", "\n", "null\n", "[]\n", "{}\n", "{\"kind\":\"evaluation\"}\n",
                                       "\x7f"
                                       "ELF\n"}) {
    write(first);
    EXPECT_NE(problem(), "") << first;
  }
  write("{\"kind\":\"header\",\"format\":2,\"version\":\"9\",\"settings\":{},\"profile\":{}}\n");
  EXPECT_NE(problem().find("newer"), std::string::npos) << problem();
  std::filesystem::remove(path());
  EXPECT_NE(problem().find("cannot open"), std::string::npos);
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_NE(problem().find("regular file"), std::string::npos);
}

// A line after the header of a log, and what the error must name.
struct bad_line {
  std::string line;
  std::string_view names;
};

std::string with(std::string line, std::string_view from, std::string_view to) {
  const std::size_t at = line.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return line.replace(at, from.size(), to);
}

TEST_F(DecisionLog, NamesTheLineAndTheFieldThatIsWrong) {
  const std::string first = [&] {
    decision_log(path(), header()).on_device(made_up_device("gpu:0"));
    return text();
  }();
  ASSERT_EQ(problem(), "");
  const std::string a_task =
      R"({"kind":"task","number":1,"structure":"ff","name":"add","text":"t","temporary_bytes":0,"result_bytes":4,)"
      R"("stages":[{"class":"arithmetic","operation":3,"dtype":"float32",)"
      R"("operations":[1,0,0,0,0,0,0,0,0,0],"bytes":8}]})";
  const std::string an_evaluation =
      R"({"kind":"evaluation","number":1,"task":1,"planned":1,"reads":[[1,8,1,false,null,7]],)"
      R"("operands":[1],"writes":[2,8,0,false,1.5,0],)"
      R"("writes_all":true,"new":true,"asked":"work","runs":true,"worker_limit":2,"allowed":3,)"
      R"("free_bytes":[0,9],"cold_us":[0,0],"place":0,"workers":[1],)"
      R"("cause":"forced","predicted_us":1,"predicted_work_us":1})";
  write(first + a_task + "\n" + an_evaluation + "\n");
  ASSERT_EQ(problem(), "");
  const std::string huge = std::string(100, '9');
  const std::vector<bad_line> tasks{
      {"", "no JSON"},
      {"7", "no JSON object"},
      {"{\"kind\":\"" + std::string(1000, 'x'), "no JSON"},
      {"{\"kind\":\x7f\xe2\x80\xae}", "no JSON"},
      {"{\"kind\":7}", "kind"},
      {"{\"kind\":\"other\"}", "kind"},
      {std::string(100'000, '['), "deeper"},
      {std::string(17'000'000, ' '), "longer"},
      {with(a_task, "\"number\":1", "\"number\":2"), "number"},
      {with(a_task, "\"ff\"", "\"fg\""), "structure"},
      {with(a_task, "\"ff\"", "\"11111111111111111\""), "structure"},
      {with(a_task, "\"ff\"", "255"), "structure"},
      {with(a_task, "\"add\"", "null"), "name"},
      {with(a_task, "\"temporary_bytes\":0", "\"temporary_bytes\":-1"), "temporary_bytes"},
      {with(a_task, "\"temporary_bytes\":0", "\"temporary_bytes\":" + huge), "temporary_bytes"},
      {with(a_task, "\"result_bytes\":4", "\"result_bytes\":4.5"), "result_bytes"},
      {with(a_task, "\"arithmetic\"", "\"magic\""), "stages[0].class"},
      {with(a_task, "\"operation\":3", "\"operation\":65536"), "stages[0].operation"},
      {with(a_task, "float32", "float33"), "stages[0].dtype"},
      {with(a_task, "[1,0,0", "[1,0"), "stages[0].operations"},
      {with(a_task, "[1,0,0", "[1,null,0"), "stages[0].operations[1]"},
      {with(a_task, "\"bytes\":8", "\"bytes\":-8"), "stages[0].bytes"},
      {with(a_task, "\"bytes\":8", "\"bytes\":1e31"), "stages[0].bytes"},
      {with(a_task, "\"bytes\":8", "\"bytes\":1e999"), "JSON"},
      {with(a_task, "\"bytes\":8", "\"bytes\":NaN"), "JSON"},
      {with(a_task, "\"bytes\":8", "\"m_n_k_batch\":[1,2,3],\"bytes\":8"), "stages[0].m_n_k_batch"},
      {with(a_task, "\"bytes\":8", "\"other\":8"), "stages[0].bytes: the field is missing"},
      {with(a_task, "\"stages\":[{", "\"stages\":[7,{"), "stages[0]"}};
  for (const bad_line& each : tasks) {
    write(first + each.line + "\n");
    const std::string found = problem();
    EXPECT_NE(found.find("line 3"), std::string::npos) << each.line.substr(0, 200) << "\n" << found;
    EXPECT_TRUE(std::ranges::all_of(found, [](char c) { return c >= ' ' && c < '\x7f'; })) << found;
    EXPECT_NE(found.find(each.names), std::string::npos) << each.line.substr(0, 200) << "\n" << found;
    EXPECT_LT(found.size(), 600U);
  }
  const std::vector<bad_line> evaluations{
      {with(an_evaluation, "\"number\":1", "\"number\":0"), "number"},
      {with(an_evaluation, "\"task\":1", "\"task\":0"), "task"},
      {with(an_evaluation, "\"task\":1", "\"task\":2"), "task"},
      {with(an_evaluation, "\"planned\":1", "\"planned\":-1"), "planned"},
      {with(an_evaluation, "\"planned\":1", "\"planned\":1,\"site\":1"), "site"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[1,8,1,false,null]"), "reads[0]"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[-1,8,1,false,null,7]"), "reads[0][0]"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[1,-8,1,false,null,7]"), "reads[0][1]"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[1,8,4,false,null,7]"), "reads[0][2]"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[1,8,1,0,null,7]"), "reads[0][3]"},
      {with(an_evaluation, "[1,8,1,false,null,7]", "[1,8,1,false,1e300,7]"), "reads[0][4]"},
      {with(an_evaluation, "\"operands\":[1]", "\"operands\":[]"), "operands"},
      {with(an_evaluation, "\"operands\":[1]", "\"operands\":[-1]"), "operands[0]"},
      {with(an_evaluation, "\"writes\":[2,", "\"writes\":[[],"), "writes[0]"},
      {with(an_evaluation, "\"writes_all\":true", "\"writes_all\":1"), "writes_all"},
      {with(an_evaluation, "\"worker_limit\":2", "\"worker_limit\":0"), "worker_limit"},
      {with(an_evaluation, "\"worker_limit\":2", "\"worker_limit\":1000000"), "worker_limit"},
      {with(an_evaluation, "\"allowed\":3", "\"allowed\":\"all\""), "allowed"},
      {with(an_evaluation, "\"allowed\":3", "\"allowed\":0"), "allowed"},
      {with(an_evaluation, "\"allowed\":3", "\"allowed\":4"), "allowed"},
      {with(an_evaluation, "\"allowed\":3", "\"allowed\":2147483648"), "allowed"},
      {with(an_evaluation, "[0,9]", "[0,0,0,0,0,0,0,0,0,0]"), "free_bytes"},
      {with(an_evaluation, "[0,9]", "[0,-9]"), "free_bytes[1]"},
      {with(an_evaluation, "\"cold_us\":[0,0]", "\"cold_us\":[0,-1]"), "cold_us[1]"},
      {with(an_evaluation, "\"new\":true", "\"new\":0"), "new"},
      {with(an_evaluation, "\"runs\":true", "\"runs\":null"), "runs"},
      {with(an_evaluation, "\"asked\":\"work\"", "\"asked\":\"all\""), "asked"},
      {with(an_evaluation, "\"place\":0", "\"place\":2"), "place"},
      {with(an_evaluation, "\"workers\":[1]", "\"workers\":[1,1]"), "workers"},
      {with(an_evaluation, "\"workers\":[1]", "\"workers\":[0]"), "workers[0]"},
      {with(an_evaluation, "\"forced\"", "\"Forced\""), "cause"},
      {with(an_evaluation, "\"predicted_us\":1,", "\"predicted_us\":-1,"), "predicted_us"},
      {with(an_evaluation, "\"predicted_us\":1,", ""), "predicted_us: the field is missing"},
      {R"({"kind":"failure","number":0})", "number"},
      {R"({"kind":"device","name":"gpu:1"})", "profile: the field is missing"},
      {R"({"kind":"device","name":"gpu:1","profile":{}})", "profile"},
      {with(first.substr(first.find('\n') + 1), "\"gpu:0\",", "\"gpu:1\","), "profile.devices"},
      {with(first.substr(first.find('\n') + 1), "\"latency_us\":{", "\"latency\":{"), "link.to_device.pageable"},
      {R"({"kind":"outcome","number":1,"measured_us":1})", "number"},
      {R"({"kind":"copy","place":0,"to_device":true,"pinned":true,"bytes":1,"measured_us":1})", "place"},
      {R"({"kind":"copy","place":2,"to_device":true,"pinned":true,"bytes":1,"measured_us":1})", "place"},
      {R"({"kind":"copy","place":1,"to_device":true,"pinned":true,"bytes":1,"measured_us":null})", "measured_us"},
      {R"({"kind":"free","id":-1})", "id"},
      {R"({"kind":"host_read"})", "id: the field is missing"},
      {R"({"kind":"site","number":2,"text":"x"})", "number"}};
  for (const bad_line& each : evaluations) {
    write(first + a_task + "\n" + each.line + "\n");
    const std::string found = problem();
    EXPECT_NE(found.find("line 4"), std::string::npos) << each.line.substr(0, 200) << "\n" << found;
    EXPECT_NE(found.find(each.names), std::string::npos) << each.line.substr(0, 200) << "\n" << found;
  }
}

}  // namespace
}  // namespace tandem::plan
