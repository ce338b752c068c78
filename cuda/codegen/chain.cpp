#include "cuda/codegen/chain.h"

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

#include <fmt/format.h>

#include "core/element.h"

namespace tandem::cuda {

namespace {

using ops::fused_chain;
using ops::instruction;

// FNV-1a of 64 bits.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

std::string joined(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

bool is_real_product(const instruction& code) {
  return !code.converts && is_real_floating(code.operand_type) &&
         (code.which == ops::op::multiply || code.which == ops::op::square);
}

bool is_real_sum(const instruction& code) {
  return !code.converts && is_real_floating(code.operand_type) &&
         (code.which == ops::op::add || code.which == ops::op::subtract);
}

// Writes the instructions of a chain, with a name per value.
class body {
 public:
  explicit body(const fused_chain& chain) : chain_(chain) {
    const std::size_t sources = chain.sources.size();
    values_.resize(sources + chain.constants.size() + static_cast<std::size_t>(chain.scratch_registers));
    std::size_t word = sources;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (i < sources) {
        values_[i].name = fmt::format("x{}", i);
      } else if (i < sources + chain.constants.size()) {
        const dtype type = chain.constants[i - sources].type;
        if (type == dtype::complex128) {
          values_[i].name = fmt::format("td::number(w.at[{}], w.at[{}])", word, word + 1);
          word += 2;
        } else {
          values_[i].name = fmt::format("td::number<{}>(w.at[{}])", element_type(type), word++);
        }
      }
    }
    if (chain.contracts) count_readers();
    for (std::size_t i = 0; i < chain.code.size(); ++i) add(chain.code[i], i);
  }

  std::string text() const {
    return lines_ + "    return " + values_[static_cast<std::size_t>(chain_.result)].name + ";\n";
  }

 private:
  struct value {
    std::string name;
    // Of a product that only one instruction reads: its factors, for a fused multiply-add.
    std::string left, right;
  };

  value& of(int number) { return values_[static_cast<std::size_t>(number)]; }

  void count_readers() {
    readers_.assign(chain_.code.size(), 0);
    std::vector<int> writer(values_.size(), -1);
    const auto read = [&](int number) {
      const int from = writer[static_cast<std::size_t>(number)];
      if (from >= 0) ++readers_[static_cast<std::size_t>(from)];
    };
    for (std::size_t i = 0; i < chain_.code.size(); ++i) {
      const instruction& code = chain_.code[i];
      for (int k = 0; k < code.arity; ++k) read(code.operands[k]);
      writer[static_cast<std::size_t>(code.result)] = static_cast<int>(i);
    }
    read(chain_.result);
  }

  std::string expression(const instruction& code) {
    if (chain_.contracts && is_real_sum(code)) {
      value& x = of(code.operands[0]);
      value& y = of(code.operands[1]);
      const bool subtracts = code.which == ops::op::subtract;
      if (!x.left.empty()) {
        return fmt::format("td::math::fma({}, {}, {}{})", x.left, x.right, subtracts ? "-" : "", y.name);
      }
      if (!y.left.empty()) {
        return fmt::format("td::math::fma({}{}, {}, {})", subtracts ? "-" : "", y.left, y.right, x.name);
      }
    }
    if (code.converts) {
      return fmt::format("tandem::formulas::convert<{}>({})", element_type(code.result_type),
                         of(code.operands[0]).name);
    }
    std::vector<std::string> operands;
    for (int k = 0; k < code.arity; ++k) operands.push_back(of(code.operands[k]).name);
    return fmt::format("{}::apply({})", row_name(code.which), joined(operands));
  }

  void add(const instruction& code, std::size_t number) {
    value made;
    made.name = fmt::format("v{}", number);
    lines_ += fmt::format("    const {} {} = {};\n", element_type(code.result_type), made.name, expression(code));
    if (chain_.contracts && is_real_product(code) && readers_[number] == 1) {
      made.left = of(code.operands[0]).name;
      made.right = of(code.operands[code.arity - 1]).name;
    }
    of(code.result) = std::move(made);
  }

  const fused_chain& chain_;
  std::vector<value> values_;
  std::vector<int> readers_;
  std::string lines_;
};

}  // namespace

std::string_view element_type(dtype type) noexcept {
  switch (type) {
    case dtype::bool_: return "bool";
    case dtype::int8: return "signed char";
    case dtype::int16: return "short";
    case dtype::int32: return "int";
    case dtype::int64: return "long long";
    case dtype::uint8: return "unsigned char";
    case dtype::uint16: return "unsigned short";
    case dtype::uint32: return "unsigned";
    case dtype::uint64: return "unsigned long long";
    case dtype::float32: return "float";
    case dtype::float64: return "double";
    case dtype::complex64: return "td::complex<float>";
    case dtype::complex128: return "td::complex<double>";
  }
  __builtin_unreachable();
}

std::string row_name(ops::op which) { return fmt::format("tandem::formulas::{}_row", ops::info(which).name); }

std::string chain_key(const fused_chain& chain) {
  std::string key;
  for (const dtype type : chain.source_types) key += fmt::format("{} ", name(type));
  key += '|';
  for (const ops::program_constant& number : chain.constants) key += fmt::format("{} ", name(number.type));
  key += '|';
  for (const instruction& code : chain.code) {
    if (code.converts) {
      key += fmt::format("to_{}", name(code.result_type));
    } else {
      key += ops::info(code.which).name;
    }
    for (int k = 0; k < code.arity; ++k) key += fmt::format(" {}", code.operands[k]);
    key += fmt::format(">{};", code.result);
  }
  key += fmt::format("|{} {}{}", chain.result, name(chain.type), chain.contracts ? " contracts" : "");
  return key;
}

std::string chain_text(const fused_chain& chain) {
  std::vector<std::string> loads;
  std::string parameters;
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const std::string_view type = element_type(chain.source_types[i]);
    loads.push_back(fmt::format("td::load<{}>(w.at[{}], o.at[{}])", type, i, i));
    parameters += fmt::format(", [[maybe_unused]] {} x{}", type, i);
  }
  std::string arguments = "w";
  for (const std::string& load : loads) arguments += ", " + load;
  return fmt::format(
      "struct td_chain {{\n"
      "  using value_type = {};\n"
      "  static constexpr int sources = {};\n"
      "  template <class Words, class Index>\n"
      "  static TANDEM_HD inline value_type at(const Words& w, [[maybe_unused]] const td::offsets<{}, Index>& o) {{\n"
      "    return compute({});\n"
      "  }}\n"
      "  template <class Words>\n"
      "  static TANDEM_HD inline value_type compute([[maybe_unused]] const Words& w{}) {{\n"
      "{}"
      "  }}\n"
      "}};\n",
      element_type(chain.type), chain.sources.size(), chain.sources.size(), arguments, parameters, body(chain).text());
}

int chain_words(const fused_chain& chain) noexcept {
  std::size_t words = chain.sources.size() + chain.constants.size();
  for (const ops::program_constant& number : chain.constants) words += number.type == dtype::complex128;
  return static_cast<int>(words);
}

void append_chain(const fused_chain& chain, std::vector<word>& to) {
  for (std::size_t i = 0; i < chain.sources.size(); ++i) {
    const ops::region& from = chain.sources[i];
    to.push_back({from.at.offset * item_size(chain.source_types[i]), from.buffer});
  }
  for (const ops::program_constant& number : chain.constants)
    std::ranges::copy(words_of(number), std::back_inserter(to));
}

namespace {

using number_bits = std::array<std::uint64_t, 2>;

number_bits bits_of(const scalar& number, dtype type) {
  number_bits bits{};
  core::visit_dtype(type, [&]<class T>() {
    const T value = number.as<T>();
    static_assert(sizeof(T) <= sizeof bits);
    std::memcpy(bits.data(), &value, sizeof(T));
  });
  return bits;
}

std::size_t word_count(dtype type) { return item_size(type) > 8 ? 2 : 1; }

}  // namespace

std::vector<word> words_of(const ops::program_constant& number) {
  std::vector<word> made(word_count(number.type), word{.number = number.number, .type = number.type});
  for (std::size_t i = 0; i < made.size(); ++i) made[i].value = static_cast<std::int64_t>(i);
  return made;
}

std::vector<word> words_of(const scalar& number, dtype type) {
  const number_bits bits = bits_of(number, type);
  std::vector<word> made(word_count(type));
  for (std::size_t i = 0; i < made.size(); ++i) made[i].value = static_cast<std::int64_t>(bits[i]);
  return made;
}

std::uint64_t bits_of(const word& what, std::span<std::byte* const> addresses, std::span<const scalar> numbers) {
  if (what.buffer >= 0) {
    return reinterpret_cast<std::uintptr_t>(addresses[static_cast<std::size_t>(what.buffer)]) +
           static_cast<std::uint64_t>(what.value);
  }
  if (what.number < 0) return static_cast<std::uint64_t>(what.value);
  return bits_of(numbers[static_cast<std::size_t>(what.number)], what.type)[static_cast<std::size_t>(what.value)];
}

std::string kernel_name(std::string_view key) {
  return fmt::format("td_{:016x}{:016x}", hash_of(key, 0), hash_of(key, 0x9e3779b97f4a7c15ULL));
}

std::string kernel_begin(std::string_view name, const std::vector<std::string_view>& headers) {
  std::string text = "#include \"cuda/device/prelude.h\"\n";
  for (const std::string_view header : headers) text += fmt::format("#include \"{}\"\n", header);
  return text + fmt::format("namespace in_{} {{\n", name);
}

std::string kernel_end() { return "}\n"; }

std::string kernel_signature(std::string_view name, int words, int threads_per_block) {
  return fmt::format("extern \"C\" __global__ void __launch_bounds__({}) {}(const __grid_constant__ td::words<{}> w)",
                     threads_per_block, name, words);
}

}  // namespace tandem::cuda
