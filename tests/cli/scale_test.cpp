#include <tandem/tandem.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/python.h"

// tandem scale: its figures are consistent with one another. How fast anything is is not tested.

namespace {

const std::vector<std::string> quick = {"--seconds", "0.001", "--rounds", "3"};

outcome scale(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "scale");
  arguments.insert(arguments.end(), quick.begin(), quick.end());
  return run(arguments);
}

std::string moved_bytes(const std::string& expression) {
  const outcome result = scale({expression, "a=zeros(10, 10)", "b=zeros(10, 1, float32)", "c=arange(3)",
                                "n=broadcast_to(zeros(1), (4, 10))", "--max", "1", "--json"});
  EXPECT_EQ(result.status, 0) << expression << ": " << result.err;
  return from_json(result.out, "d['memory']['moved_bytes']");
}

void expect_failure(const std::vector<std::string>& arguments, const std::string& message) {
  const outcome result = scale(arguments);
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "tandem: " + message + "\n");
}

}  // namespace

TEST(scale, json_is_consistent) {
  const outcome result = scale({"a @ a", "a=ones(100, 100)", "--max", "3", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const std::string& document = result.out;
  const tandem::machine here = tandem::machine_info();
  EXPECT_EQ(from_json(document, "d['expression'], d['inputs'], d['version'], d['permitted_cores'], d['rounds']"),
            "a @ a {'a': 'float64 (100, 100)'} " + here.version + " " + std::to_string(here.permitted_cores) + " 3\n");
  EXPECT_EQ(from_json(document, "[c['workers'] for c in d['counts']]"), "[1, 2, 3]\n");
  EXPECT_EQ(from_json(document, "all(len(c['rounds_s']) == 3 and min(c['rounds_s']) > 0 for c in d['counts'])"),
            "True\n");
  EXPECT_EQ(from_json(document, "all(sorted(c['rounds_s'])[1] == c['median_s'] for c in d['counts'])"), "True\n");
  // Of three values, numpy.quantile's quartiles lie halfway between the middle one and its neighbours.
  EXPECT_EQ(from_json(document,
                      "all(abs(sum(sorted(c['rounds_s'])[:2]) / 2 - c['lower_quartile_s']) < 1e-15 and "
                      "abs(sum(sorted(c['rounds_s'])[1:]) / 2 - c['upper_quartile_s']) < 1e-15 for c in d['counts'])"),
            "True\n");
  EXPECT_EQ(from_json(document,
                      "all(abs(c['speedup'] * c['median_s'] / d['counts'][0]['median_s'] - 1) < 1e-12 and "
                      "abs(c['efficiency'] * c['workers'] / c['speedup'] - 1) < 1e-12 for c in d['counts'])"),
            "True\n");
  EXPECT_EQ(from_json(document, "d['best'] in (1, 2, 3)"), "True\n");
  if (here.permitted_cores > 1) {
    EXPECT_EQ(from_json(document, "d['fit']['counts']"), std::to_string(std::min(here.permitted_cores, 3)) + "\n");
    EXPECT_EQ(from_json(document,
                        "all(abs(d['fit']['one_worker_s'] * (d['fit']['serial_fraction'] + (1 - "
                        "d['fit']['serial_fraction']) / c['workers']) / c['model_s'] - 1) < 1e-9 "
                        "for c in d['counts'])"),
              "True\n");
  } else {
    EXPECT_EQ(from_json(document, "d['fit']"), "None\n");
  }
  EXPECT_EQ(from_json(document, "len(d['notes']) >= 2, d['date'][:2]"), "True 20\n");
}

TEST(scale, files_agree_with_one_another) {
  const temporary_folder folder;
  const outcome result = scale({"(a < b) & (b > 0)", "a=ones(50)", "b=[2]", "-o", folder / "r.csv", "--output",
                                folder / "r.json", "-o", folder / "r.svg", "--max", "2"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, 7), "workers");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"r.csv", "r.json", "r.svg"}));
  EXPECT_EQ(from_python(read_text(folder / "r.csv"),
                        "import csv, json, sys\n"
                        "rows = list(csv.DictReader(open(sys.argv[1])))\n"
                        "counts = json.load(open('" +
                            (folder / "r.json") +
                            "'))['counts']\n"
                            "print(len(rows), list(rows[0]), all(float(r[k] or 'nan') == c[k] or c[k] is None "
                            "for r, c in zip(rows, counts) for k in r))"),
            "2 ['workers', 'median_s', 'lower_quartile_s', 'upper_quartile_s', 'deviation_s', 'speedup', 'efficiency', "
            "'model_s'] True\n");
  EXPECT_EQ(from_python(read_text(folder / "r.svg"),
                        "import sys, xml.etree.ElementTree as e\n"
                        "print(e.parse(sys.argv[1]).getroot().find('{http://www.w3.org/2000/svg}title').text)"),
            "Speed-up of (a < b) & (b > 0)\n");
}

TEST(scale, many_counts_are_thinned_out) {
  const outcome result = scale({"sin(a)", "a=ones(3)", "--max", "25", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::string permitted = std::to_string(std::min(25, tandem::machine_info().permitted_cores));
  EXPECT_EQ(from_json(result.out, "[c['workers'] for c in d['counts']] == sorted({1, 2, 3, 4, 6, 8, 12, 16, 24, 25, " +
                                      permitted + "})"),
            "True\n");
}

TEST(scale, the_default_is_all_permitted_cores) {
  const outcome result = scale({"sin(a)", "a=ones(3)", "--json"});
  EXPECT_EQ(from_json(result.out, "d['counts'][-1]['workers'] == d['permitted_cores']"), "True\n");
}

// a has 800 bytes, b 40, c 24, n one element of 8; each is read once at most, and the result is written.
TEST(scale, bytes_are_a_lower_bound) {
  EXPECT_EQ(moved_bytes("a + b"), "1640\n");
  EXPECT_EQ(moved_bytes("a * a + sin(a)"), "1600\n");
  EXPECT_EQ(moved_bytes("sum(a) + c"), "848\n");
  EXPECT_EQ(moved_bytes("n + 1"), "328\n");
  EXPECT_EQ(moved_bytes("a[::2] + 1"), "800\n");
  EXPECT_EQ(moved_bytes("sum(a[1:] - a[:-1]) + sum(a[0])"), "728\n");
  EXPECT_EQ(moved_bytes("sum(a[0]) + sum(a)"), "808\n");
  EXPECT_EQ(moved_bytes("(a + b)[0]"), "80\n");
  EXPECT_EQ(moved_bytes("ones_like(a) + c[0]"), "808\n");
  EXPECT_EQ(moved_bytes("[a + 1, c + 1]"), "1648\n");
}

TEST(scale, an_expression_without_work_has_nothing_to_measure) {
  const std::string message =
      "the expression gives arrays that exist before it is evaluated, so that there is nothing to measure";
  for (const std::string expression : {"a", "a[::2]", "1 + 1", "ones(3)", "[1, 2]", "unstack(a)"}) {
    expect_failure({expression, "a=ones(3, 3)"}, message);
  }
}

TEST(scale, errors) {
  expect_failure({"sum(a, axes=0)", "a=[1, 2]"}, "column 8: sum has no option 'axes'; did you mean 'axis'?");
  expect_failure({"1 +"}, "column 4: expected a value, but the expression ends");
  expect_failure({"float32"}, "the expression gives a dtype and not an array");
  EXPECT_EQ(scale({"a + 1", "a=no_such.npy"}).err, run({"eval", "a + 1", "a=no_such.npy"}).err);
}

// Even before the expression is looked at.
TEST(scale, outputs_are_checked_first) {
  const temporary_folder folder;
  expect_failure({"no_such", "-o", folder / "none/r.svg"},
                 (folder / "none/r.svg") + ": there is no folder " + (folder / "none"));
  std::filesystem::create_directory(folder / "r.csv");
  expect_failure({"no_such", "-o", folder / "r.csv"}, (folder / "r.csv") + ": is a folder");
  if (geteuid() != 0) {
    write_text(folder / "r.json", "old");
    std::filesystem::permissions(folder / "r.json", std::filesystem::perms::owner_read);
    expect_failure({"no_such", "-o", folder / "r.json"}, "cannot write " + (folder / "r.json") + ": Permission denied");
  }
}
