#include "cli/scale_chart.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/python.h"
#include "cli/scale_notes.h"

using namespace tandem::cli;

namespace {

scale_result made_up(const std::vector<int>& counts, double s, const std::string& expression) {
  scale_result result{};
  result.expression = expression;
  result.inputs = {{"a", "float64 (1500, 1500)"}};
  result.version = "0.1.0";
  result.processor = "A & B <processor>";
  result.date = "2026-11-21";
  result.permitted_cores = counts.back();
  result.seconds = 0.3;
  result.rounds = 3;
  for (const int p : counts) {
    const double time = s + (1 - s) / p;
    result.times.push_back({p, {time, 1.02 * time, 0.97 * time}});
  }
  result.rows = rows_of(result.times);
  result.best = best_count(result.rows, result.rounds);
  result.fit = fit_amdahl(result.times);
  return result;
}

// Python's parser reads the document; what `program` then prints of its root `r`.
std::string from_svg(const std::string& document, const std::string& program) {
  return from_python(document,
                     "import sys, xml.etree.ElementTree as e\n"
                     "s = '{http://www.w3.org/2000/svg}'\n"
                     "r = e.parse(sys.argv[1]).getroot()\n" +
                         program);
}

}  // namespace

TEST(scale_chart, holds_any_expression) {
  for (const std::string expression : {R"(a < b & "c")", R"(a > b & 'c' ]]> &amp; <svg>)", "a\n+\tb"}) {
    const std::string svg = scale_chart(made_up({1, 2}, 0.1, expression));
    std::string shown = expression;
    for (char& c : shown) c = c == '\n' || c == '\t' ? ' ' : c;
    EXPECT_EQ(from_svg(svg, "print(r.find(s + 'title').text)"), "Speed-up of " + shown + "\n");
    EXPECT_EQ(from_svg(svg, "print(''.join(r.find(s + 'text').itertext()))"), "Speed-up of " + shown + "\n");
  }
  const std::string broken = scale_chart(made_up({1, 2}, 0.1, "a\x01\xff"));
  EXPECT_EQ(from_svg(broken, "print(ascii(r.find(s + 'title').text))"), "'Speed-up of a\\ufffd\\ufffd'\n");
}

TEST(scale_chart, shortens_a_long_expression_between_two_characters) {
  std::string expression;
  for (int i = 0; i < 200; ++i) expression += "\xC3\xA9";
  const std::string svg = scale_chart(made_up({1, 2}, 0.1, expression));
  EXPECT_EQ(from_svg(svg, "t = ''.join(r.find(s + 'text').itertext())\nprint(len(t) < 80, ascii(t[-1]))"),
            "True '\\u2026'\n");
  EXPECT_EQ(from_svg(svg, "print(len(r.find(s + 'title').text))"), "212\n");
}

TEST(scale_chart, shows_every_count_inside_the_plot) {
  std::vector<int> sixteen;
  for (int i = 1; i <= 16; ++i) sixteen.push_back(i);
  for (const std::vector<int>& counts : {std::vector<int>{1}, {1, 2}, sixteen, {1, 2, 3, 4, 6, 8, 12, 16, 24, 1024}}) {
    for (const double s : {-0.0005, 0.0, 0.1, 1.0, 2.0}) {
      const std::string svg = scale_chart(made_up(counts, s, "a"));
      // A dot each, a ring around the best, and the legend's two dots and ring.
      EXPECT_EQ(from_svg(svg, "print(len(r.findall(s + 'circle')))"), std::to_string(counts.size() + 4) + "\n");
      EXPECT_EQ(from_svg(svg,
                         "w, h = map(float, r.get('viewBox').split()[2:])\n"
                         "c = [(float(c.get('cx')), float(c.get('cy'))) for c in r.findall(s + 'circle')]\n"
                         "t = [(float(t.get('x', 50)), float(t.get('y', 50))) for t in r.findall(s + 'text')]\n"
                         "print(all(70 < x < w - 20 and 80 < y < h - 110 for x, y in c),"
                         " all(0 < x < w and 0 < y < h for x, y in t))"),
                "True True\n")
          << counts.size() << " counts, s = " << s;
    }
  }
}

TEST(scale_chart, says_what_was_measured_where) {
  const std::string text = from_svg(scale_chart(made_up({1, 2, 4}, 0.1, "a @ a")),
                                    "print(*(''.join(t.itertext()) for t in r.iter(s + 'text')), sep='\\n')");
  for (const std::string part :
       {"a: float64 (1500, 1500)", "A & B <processor>, 4 permitted cores", "2026-11-21", "tandem 0.1.0",
        "3 rounds of 0.3 s", "Best: 4 workers", "Serial fraction by Amdahl's"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}
