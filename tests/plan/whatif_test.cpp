#include <gtest/gtest.h>
#include <tandem/whatif.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <tandem/errors.h>

#include "made_up_events.h"
#include "plan/whatif.h"
#include "support/temporary_folder.h"
#include "support/text_file.h"

namespace tandem::plan {
namespace {

constant of(double value) { return {value, 0.1, 0, origin::prior}; }
curve flat(double value) { return {{1}, {of(value)}}; }

// A machine of round numbers: a host of one worker with 10 GB/s and 1e9 operations per second, and a device without
// launch costs that does anything a hundred times as fast, behind a link of 1 GB/s and 100 us.
whatif_machine round_machine(std::int64_t memory_bytes = 1'000'000'000'000) {
  whatif_machine made;
  made.is_simulated = true;
  made.device_memory_bytes = memory_bytes;
  host_profile& host = made.constants.host;
  host.source = "a made-up host";
  host.level_bytes = {1e3, 1e4};
  host.call_us = of(1);
  host.bytes_per_s.fill(flat(1e10));
  for (auto& each : host.operations_per_s) each.fill(of(1e9));
  host.speedup = flat(1);
  host.product_alone.fill(flat(1e9));
  host.product_together.fill(flat(1e9));
  made.device.name = "sim:round";
  device_profile& device = made.device.constants;
  device.source = "a made-up device";
  device.launch_us = of(1);
  device.kernel_us = of(1);
  device.synchronize_us = of(5);
  device.allocate_us = of(2);
  device.bytes_per_s = flat(1e12);
  for (auto& each : device.operations_per_s) each.fill(of(1e11));
  device.product.fill(flat(1e11));
  for (auto& way : device.link) {
    for (link_profile& each : way) each = {of(100), flat(1e9)};
  }
  return made;
}

constexpr double copy_us(std::int64_t bytes) { return 100 + static_cast<double>(bytes) / 1e3; }

operand_state block(std::uint64_t id, std::int64_t bytes, place_set valid_on = 1) {
  return {id, bytes, valid_on, false, nullptr};
}

// A product of 1000 by 1000 matrices of float32, which the host does in 2 s and the device in 20 ms.
made_up_evaluation product(std::uint64_t number, std::uint64_t x, std::uint64_t y, std::uint64_t result) {
  made_up_evaluation made;
  made.number = number;
  made.what = made_up_product(1000);
  made.name = "matmul";
  made.text = "matmul(a, b)";
  made.site = "app.cpp:7";
  made.reads = {block(x, 4'000'000), block(y, 4'000'000)};
  made.writes = block(result, 4'000'000, 0);
  made.predicted_us = made.predicted_work_us = 1.5e6;
  return made;
}

class WhatIf : public ::testing::Test {
 protected:
  whatif_accounts accounts{round_machine()};
};

TEST_F(WhatIf, CountsCopiesOnceAndWorkOfTheDevice) {
  product(1, 10, 11, 12).tell(accounts);
  accounts.on_outcome(1, 2e6);
  product(2, 10, 12, 13).tell(accounts);
  accounts.on_outcome(2, 3e6);
  accounts.on_host_read(13);
  accounts.on_host_read(13);
  accounts.on_host_read(10);  // which the host has
  const whatif_report found = accounts.report();
  ASSERT_EQ(found.sites.size(), 1U);
  const whatif_site& site = found.sites[0];
  EXPECT_EQ(site.where, "app.cpp:7");
  EXPECT_EQ(site.expression, "matmul(a, b)");
  EXPECT_EQ(site.evaluations, 2);
  EXPECT_EQ(site.on_device, 2);
  EXPECT_EQ(site.unmeasured, 0);
  EXPECT_DOUBLE_EQ(site.here_us, 5e6);
  EXPECT_EQ(site.there_host_us, 0);
  // 2e9 operations at 1e11 per second, the kernel's start, an allocation and a launch.
  EXPECT_NEAR(site.there_device_us, 2 * (20'000 + 1 + 2 + 1), 1);
  EXPECT_EQ(site.to_device.count, 2);  // 10 and 11; 12 was made there
  EXPECT_EQ(site.to_device.bytes, 8'000'000);
  EXPECT_NEAR(site.to_device.us, 2 * copy_us(4'000'000), 1e-6);
  EXPECT_EQ(site.to_host.count, 1);
  EXPECT_NEAR(site.to_host.us, copy_us(4'000'000) + 5, 1e-6);
  EXPECT_NEAR(site.speedup(), 5e6 / site.there_us(), 1e-9);
  EXPECT_EQ(found.total.evaluations, 2);
  EXPECT_EQ(found.total.there_us(), site.there_us());
}

TEST_F(WhatIf, KeepsOnTheHostWhatIsNotWorthACopy) {
  made_up_evaluation add;
  add.what = made_up_task(1e6);
  add.reads = {block(1, 4'000'000)};
  add.writes = block(2, 4'000'000, 0);
  add.predicted_work_us = 1000;
  for (add.number = 1; add.number <= 3; ++add.number) {
    add.tell(accounts);
    accounts.on_outcome(add.number, 800);
    accounts.on_host_write(1);
    accounts.on_host_read(2);
  }
  const whatif_report found = accounts.report();
  ASSERT_EQ(found.sites.size(), 1U);
  EXPECT_EQ(found.sites[0].where, "");
  EXPECT_EQ(found.sites[0].on_device, 0);
  EXPECT_DOUBLE_EQ(found.sites[0].here_us, 2400);
  EXPECT_DOUBLE_EQ(found.sites[0].there_us(), 2400);
  EXPECT_TRUE(found.arrays.empty());
}

TEST_F(WhatIf, AdvisesWhatToMove) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    product(i, 10, 11, 100 + i).tell(accounts);
    accounts.on_host_write(11);
  }
  accounts.on_host_read(101);
  const whatif_report found = accounts.report();
  ASSERT_EQ(found.arrays.size(), 3U);
  const auto advice = [&](std::string_view what) -> std::string {
    for (const whatif_array& each : found.arrays) {
      if (each.what == what) return each.advice;
    }
    return "none";
  };
  EXPECT_EQ(advice("operand 1 of matmul at app.cpp:7"), "move it once and keep it there");
  EXPECT_EQ(advice("operand 2 of matmul at app.cpp:7"), "moves for each use");
  EXPECT_EQ(advice("result of matmul at app.cpp:7"), "is made on the device; the host reads some of it");
  EXPECT_EQ(found.arrays[0].what, "result of matmul at app.cpp:7");
  EXPECT_EQ(found.arrays[0].count, 4);
  EXPECT_EQ(found.arrays[0].bytes, 4'000'000);
}

TEST_F(WhatIf, HeedsThePolicyAndTheMemory) {
  made_up_evaluation here_only = product(1, 10, 11, 12);
  here_only.allowed = set_of(host_place);
  here_only.tell(accounts);
  EXPECT_EQ(accounts.report().total.on_device, 0);
  whatif_accounts small(round_machine(8'000'000));
  product(1, 10, 11, 12).tell(small);
  EXPECT_EQ(small.report().total.on_device, 0);
  whatif_accounts large(round_machine(12'000'000));
  product(1, 10, 11, 12).tell(large);
  EXPECT_EQ(large.report().total.on_device, 1);
}

TEST_F(WhatIf, LeavesOutWhatDidNotRun) {
  made_up_evaluation other = product(1, 10, 11, 12);
  other.runs = false;
  other.tell(accounts);
  EXPECT_EQ(accounts.report().total.evaluations, 0);
  product(2, 10, 11, 12).tell(accounts);
  accounts.on_failure(2);
  EXPECT_EQ(accounts.report().total.here_us, 0);
}

TEST_F(WhatIf, LeavesOutWhatFailed) {
  product(1, 10, 11, 12).tell(accounts);
  accounts.on_outcome(1, 2e6);
  const whatif_report before = accounts.report();
  ASSERT_EQ(before.total.on_device, 1);
  for (const int place : {1, host_place}) {  // on the application's device, then on the host
    made_up_evaluation failing = product(place == 1 ? 2 : 3, 10, 11, 13);
    failing.place = place;
    failing.tell(accounts);
    accounts.on_failure(failing.number);
  }
  made_up_evaluation small;
  small.number = 4;
  small.definition = 2;
  small.site = "app.cpp:9";
  small.reads = {block(20, 1'000'000)};
  small.writes = block(21, 4000, 0);
  small.predicted_work_us = 7;
  small.tell(accounts);
  accounts.on_failure(4);
  const whatif_report after = accounts.report();
  EXPECT_EQ(after.total.evaluations, 1);
  EXPECT_EQ(after.total.on_device, 1);
  EXPECT_EQ(after.total.unmeasured, 0);
  EXPECT_DOUBLE_EQ(after.total.here_us, before.total.here_us);
  EXPECT_NEAR(after.total.there_us(), before.total.there_us(), 1e-6);
  EXPECT_EQ(after.sites.size(), 1U);
}

TEST_F(WhatIf, ManySitesAndArraysAreSummedUp) {
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    made_up_evaluation each = product(i, 3 * i, 3 * i + 1, 3 * i + 2);
    each.definition = i;
    each.site = "app.cpp:" + std::to_string(i);
    each.tell(accounts);
  }
  const whatif_report found = accounts.report();
  EXPECT_EQ(found.sites.size(), 4096U);
  EXPECT_LE(found.arrays.size(), 4096U);
  EXPECT_EQ(found.total.evaluations, 5000);
}

// A report with everything that an application can put into texts.
whatif_report nasty_report() {
  whatif_accounts accounts{round_machine()};
  made_up_evaluation each = product(1, 10, 11, 12);
  each.site = "<script>alert('x')</script> & \"y\"\x1b[31m\n.cpp:1";
  each.text = std::string(500, 'x') + "\xc3";
  each.tell(accounts);
  accounts.on_outcome(1, 2e6);
  accounts.on_host_read(12);
  return accounts.report();
}

TEST(WhatIfReport, TextHasNoControlCharacters) {
  const std::string text = to_string(nasty_report());
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_NE(text.find("simulated"), std::string::npos);
  EXPECT_NE(text.find("predicted"), std::string::npos);
  EXPECT_NE(text.find("sim:round"), std::string::npos);
  EXPECT_NE(text.find("2.00 s"), std::string::npos) << text;
  EXPECT_NE(to_string(whatif_report{}).find("nothing was evaluated"), std::string::npos);
}

TEST(WhatIfReport, JsonSaysTheSame) {
  const whatif_report report = nasty_report();
  const nlohmann::json found = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(found["device"], "sim:round");
  EXPECT_TRUE(found["simulated"].get<bool>());
  EXPECT_EQ(found["total"]["evaluations"], 1);
  EXPECT_DOUBLE_EQ(found["total"]["here_us"].get<double>(), 2e6);
  EXPECT_DOUBLE_EQ(found["total"]["predicted_us"].get<double>(), report.total.there_us());
  EXPECT_EQ(found["sites"].size(), 1U);
  EXPECT_EQ(found["sites"][0]["where"], report.sites[0].where);
  EXPECT_EQ(found["arrays"].size(), report.arrays.size());
  EXPECT_EQ(found["arrays"][0]["to_device"]["bytes"].get<std::int64_t>(), report.arrays[0].to_device.bytes);
}

TEST(WhatIfReport, HtmlEscapesAndNeedsNothingElse) {
  const std::string page = to_html(nasty_report());
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("\x1b"), std::string::npos);
  // Each element that is opened is closed.
  for (const std::string name : {"html", "head", "body", "svg", "table", "tr", "td", "th", "text", "rect", "figure",
                                 "figcaption", "div", "p", "h1", "h2", "style", "title"}) {
    std::size_t opened = 0;
    std::size_t closed = 0;
    for (std::size_t at = page.find("<" + name); at != std::string::npos; at = page.find("<" + name, at + 1)) {
      const char next = page[at + name.size() + 1];
      if (next == '>' || next == ' ') ++opened;
    }
    for (std::size_t at = page.find("</" + name + ">"); at != std::string::npos;
         at = page.find("</" + name + ">", at + 1))
      ++closed;
    EXPECT_EQ(opened, closed) << name;
    EXPECT_GT(opened, 0U) << name;
  }
  EXPECT_NE(to_html(whatif_report{}).find("</html>"), std::string::npos);
}

TEST(WhatIfReport, IsSavedByTheEndOfItsName) {
  const testing::temporary_folder folder;
  const whatif_report report = nasty_report();
  const auto saved = [&](const std::string& name) {
    save(report, folder / name);
    return testing::read_text(folder / name);
  };
  EXPECT_EQ(saved("r.txt"), to_string(report));
  EXPECT_EQ(saved("r.json"), to_json(report));
  EXPECT_EQ(saved("r.html"), to_html(report));
  EXPECT_THROW(save(report, folder / "r.pdf"), argument_error);
  EXPECT_THROW(save(report, folder / "none/r.txt"), io_error);
}

}  // namespace
}  // namespace tandem::plan
