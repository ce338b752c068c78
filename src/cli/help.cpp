#include <fmt/format.h>

#include <vector>

#include <tandem/call.h>

#include "cli/commands.h"
#include "cli/hints.h"
#include "cli/output.h"
#include "cli/signature.h"
#include "cli/status.h"

namespace tandem::cli {

namespace {

constexpr std::string_view general = R"(tandem: n-dimensional arrays at the command line

  tandem eval 'EXPRESSION' [NAME=FILE|VALUE]... [-o OUT]   compute an expression
  tandem scale 'EXPRESSION' [NAME=FILE|VALUE]...           measure it with 1, 2,
                                                           ... workers
  tandem explain 'EXPRESSION' [NAME=SHAPE|FILE|VALUE]...   say where it would
                                                           run, and why
  tandem calibrate [--quick] [--device D]...               measure this machine
  tandem whatif LOG [--device D] [-o OUT]                  what another machine
                                                           would have done
  tandem replay LOG                                        check decisions
  tandem ops [--markdown | --parallel]                     list the functions
  tandem info [--json]                                     describe the machine
  tandem help [COMMAND|FUNCTION]                           explain
  tandem --version

  tandem eval 'sum((a - mean(a, axis=0))**2, axis=0)' a=x.npy -o y.npy

Exit status: 0 done, 1 failed, 2 called wrongly.
)";

constexpr std::string_view eval = R"(tandem eval 'EXPRESSION' [NAME=FILE|VALUE]... [-o OUT] [--time]
            [--workers N] [--device D] [--explain]
tandem eval --batch FILE

Computes an expression over arrays and prints the result as NumPy does.

  NAME=FILE.npy           the array in the file
  NAME=FILE.npz:MEMBER    one array of several; without :MEMBER, the only one
  NAME=VALUE              a number, a list, or whatever an expression without
                          names can give: dy=30.5 light=[1,2,3] axis=(0,1)
  -o, --output OUT        write the result to OUT.npy, or to OUT.npz as arr_0,
                          arr_1, ...; nothing is printed then
  --time                  print times, elements, dtype and shape to stderr
  --workers N             the most cores to work on: 1 to 1024, -1 for all
                          permitted ones, or auto for as many of these as pay;
                          else TANDEM_WORKERS says. Default: auto
  --device D              where to do it: cpu, gpu, gpu:N, or sim:PROFILE, a
                          simulated device (sim:h200), whose times are made up;
                          else TANDEM_DEVICE says. Default: auto
  --explain               print to stderr where it will be done, and why, with
                          the predicted times, and then how long it took
  --batch FILE            each line of FILE ('-': of standard input) holds the
                          arguments of one `tandem eval`, separated by tabs;
                          empty lines and lines that begin with # are skipped.
                          Errors name the line; the rest is still computed
  --                      what follows is no option

Expressions are Python's, with NumPy's meaning and precedence:

  + - * / // % ** @       arithmetic; @ is the matrix product
  < <= == != >= >         comparisons; write (a < b) & (b < c), not a < b < c
  & | ^ ~ << >>           bits, and logic of booleans (there is no and, or, not)
  x[1:, ::-2, None, ...]  views by integers, slices, None and ...
  f(x, axis=0)            functions; `tandem ops` lists them
  [1, 2], [[1], [2]]      arrays; lists of arrays for concat, stack, meshgrid
  (0, 1)                  several axes, a shape; zeros, ones and empty take its
                          extents one by one, too: ones(2, 3)
  1_000 0xff .5 1e-3 2j   numbers; they take the dtype of the arrays they meet
  True False None pi e inf nan newaxis, float32 and the other dtypes, 'text'

Numbers among themselves are Python's: integers are exact, 2**-1 is 0.5.
An expression has at most 65536 bytes.

  tandem eval 'sqrt(x**2 + y**2)[::2]' x=x.npy y=data.npz:y -o r.npy
  tandem eval 'concat([z[1:], z[:1]]) / dy' z=z.npy dy=30.5
)";

constexpr std::string_view explain = R"(tandem explain 'EXPRESSION' [NAME=SHAPE|FILE|VALUE]... [--device D]...
               [--workers N]

Prints where an expression would be computed, and why: every place with what
its time is made of, in microseconds, and where the figures come from. Computes
nothing.

  NAME=DTYPE[EXTENTS]     an array of that dtype and shape, for which nothing is
                          allocated: a=f32[4096,4096] n=int64[10]
  NAME=FILE, NAME=VALUE   as for `tandem eval`
  --device D              a device to choose beside the CPU, in place of the
                          GPUs that are there; several are possible. One that is
                          simulated (sim:h200) tells what a machine would do
                          that is not at hand
  --workers N             as for `tandem eval`

  tandem explain 'a @ b' a=f32[4096,4096] b=f32[4096,4096] --device sim:h200
)";

constexpr std::string_view scale = R"(tandem scale 'EXPRESSION' [NAME=FILE|VALUE]... [--max N] [--seconds S]
             [--rounds R] [-o OUT]... [--json]

Measures how long an expression takes with 1, 2, ... workers, prints what each
count gains, how many are best, and the serial fraction by Amdahl's law, and
says why, if more workers gain little. Expressions and inputs are those of
`tandem eval`; inputs are arrays in memory before the measurement begins.

  --max N                 the largest number of workers; the default is all
                          permitted cores. Above 16, these are measured: 1, 2,
                          3, 4, 6, 8, 12, 16, 24, 32, ..., the permitted cores
                          and N
  --seconds S             time for each count in each round; default 0.3
  --rounds R              default 7. Each round takes all counts, in an order
                          of its own
  -o, --output OUT        write OUT.csv, OUT.json or OUT.svg (a chart); may be
                          given several times
  --json                  print JSON and not a table

It takes about counts * rounds * (S + 0.1): 7 s for 2 cores, 50 s for 16.
An evaluation that takes longer than S is done once a round.

  Amdahl     T(p) = T(1) * (s + (1 - s) / p), fitted to the medians by least
             squares of relative errors; s is the serial fraction. Its standard
             error comes from 1000 drawings of as many rounds
  best       the least count that takes at most 2 % longer than the fastest, or
             that differs from it by no more than the noise
  bytes      each input and each result once: what has to be moved at least.
             The rate is compared with that of x + 1.0 over as many bytes (at
             most four times the last-level cache), measured in the same run

  tandem scale 'a @ a' 'a=ones(1500, 1500)' -o matmul.svg
  tandem scale 'sqrt(x**2 + y**2)' x=x.npy y=y.npy --max 8 --json
)";

constexpr std::string_view calibrate = R"(tandem calibrate [--quick] [-o FILE] [--device D]...
tandem calibrate --show

Measures what this machine's cores and GPUs, their memory and the links between
them can do, and keeps it in a file. By that, tandem decides where work is done
and with how many cores; without it, by constants of machines like this one.
Takes about 2 s for the cores and 4 for a GPU. Other work on the machine
falsifies it.

  --quick                 half as many points, and less time for each: 1 s
  --device D              measure this device, too: gpu, gpu:N, or sim:PROFILE,
                          a simulated one, by its own clock; may be given
                          several times. Default: all GPUs; --device cpu: none
  -o, --output FILE       write FILE. Default: the file that is read
  --show                  print what serves now, and what is wrong with the
                          file, if anything is; measure nothing

The file is the one that TANDEM_PROFILE names (empty: none is read), else
profile.json in TANDEM_CACHE, XDG_CACHE_HOME/tandem or ~/.cache/tandem. It is
not used on another processor, with another number of permitted cores, or with
other libraries than it was measured with. Devices that are not measured again
stay in it.

  tandem calibrate
  tandem calibrate --quick --device sim:h200 -o profile.json
)";

constexpr std::string_view ops = R"(tandem ops [--markdown | --parallel]

Lists the functions that expressions can call, with their parameters and
defaults.

  --markdown              write the list as Markdown tables
  --parallel              write Markdown tables of what work each function is
                          and what of it is shared out among the workers
)";

constexpr std::string_view whatif = R"(tandem whatif LOG [--device D] [--format text|json|html] [-o FILE]

Says what this host with another device would have done for an application that
wrote a decision log: for each place in its code the time measured here and the
time predicted there, with copies between host and device, the speed-up, and
which arrays should move. Nothing runs on the device; one that is simulated
needs not be there.

  --device D              default sim:h200
  --format F              print text (the default), JSON, or a page of HTML with
                          charts that needs no other file
  -o, --output FILE       write FILE.txt, FILE.json or FILE.html

  TANDEM_DECISIONS=run.jsonl ./application
  tandem whatif run.jsonl --device sim:h200 -o run.html

Any application that uses tandem prints the same when it ends, without a log, if
TANDEM_WHATIF names a device; TANDEM_WHATIF_OUTPUT=FILE.html says where else to.

Nothing overlaps in what is predicted, and programs count as compiled. Work that
stays on the host takes as long as it took.
)";

constexpr std::string_view replay = R"(tandem replay LOG

Makes the decisions of a decision log again, with what the planner knew and had
learned at each, and says whether they are the same, or lists the first ones
that are not; the exit status is 1 then.

  TANDEM_DECISIONS=run.jsonl ./application
  tandem replay run.jsonl
)";

constexpr std::string_view info = R"(tandem info [--json]

Says what this tandem was built with and what it finds on this machine: the
processor and the cores that it may use, the instruction sets that are built,
usable and in use, memory, which kinds of device there is code for and why no
GPU is used. Lists the OpenMP and BLAS libraries in the process, their numbers
of threads, which of them answers whose calls, and the environment variables
that they heed. Combinations that are known to go wrong or to be slow are
explained with what to do about them, and warned of on standard error.

  --json                  the same as JSON: file names, texts and numbers are
                          null where they are not known

Any application that uses tandem prints this on standard error when it first
evaluates an expression if the environment variable TANDEM_INFO is 1.
)";

std::string function_help(const function_info& function) {
  return fmt::format("{}\n\n  {}\n", signature(function), function.summary);
}

}  // namespace

std::string help_text(std::string_view topic) {
  struct command_help {
    std::string_view command;
    std::string_view text;
  };
  constexpr command_help texts[] = {{"", general},        {"eval", eval},           {"scale", scale},
                                    {"explain", explain}, {"calibrate", calibrate}, {"info", info},
                                    {"whatif", whatif},   {"replay", replay},       {"ops", ops}};
  std::vector<std::string_view> topics;
  for (const command_help& each : texts) {
    if (topic == each.command) return std::string(each.text);
    if (!each.command.empty()) topics.push_back(each.command);
  }
  if (const function_info* function = find_function(topic)) return function_help(*function);
  for (const function_info& function : functions()) topics.push_back(function.name);
  std::string advice = numpy_advice(topic);
  if (advice.empty()) {
    const std::string_view near = nearest(topic, topics);
    advice = near.empty() ? "'tandem help' lists the commands" : fmt::format("did you mean '{}'?", near);
  }
  throw usage_error(fmt::format("there is no command or function '{}'; {}", topic, advice));
}

int run_help(std::span<const std::string> arguments) {
  if (arguments.size() > 1) throw usage_error("help takes one command or function");
  write_output(help_text(arguments.empty() ? "" : arguments[0]));
  return exit_success;
}

}  // namespace tandem::cli
