#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tandem/dtype.h>

#include "cuda/codegen/lowered.h"
#include "ops/program.h"

// A chain as CUDA C++.
//
// The text of a kernel is `kernel_begin`, the structs and functions that it needs, and `kernel_end`. In between, names
// are in a namespace of the kernel's own, so that texts of several kernels can be compiled as one. A chain is this:
//
//   struct td_chain {
//     using value_type = float;
//     static constexpr int sources = 2;
//     // The value where each source has its element at an offset from its address.
//     template <class Words, class Index>
//     static TANDEM_HD value_type at(const Words& w, const td::offsets<2, Index>& o);
//     // The value from the sources' elements.
//     template <class Words>
//     static TANDEM_HD value_type compute(const Words& w, float x0, float x1);
//   };
//
// whose words are, from the parameter's first on, the sources' addresses, then the constants.
namespace tandem::cuda {

/// C++ name of a dtype's elements in a kernel: "td::complex<float>".
std::string_view element_type(dtype type) noexcept;

/// Row of an operation in a kernel: "tandem::formulas::add_row", whose function `apply` it is.
std::string row_name(ops::op which);

/// What decides a chain's text: dtypes and instructions, neither shapes nor numbers.
std::string chain_key(const ops::fused_chain& chain);

/// The struct `td_chain`. Operations round one by one; if the chain contracts, a real sum or difference and the product
/// that only it reads round once.
std::string chain_text(const ops::fused_chain& chain);

/// Number of words of a chain: its sources and constants.
int chain_words(const ops::fused_chain& chain) noexcept;

/// Appends these words. Addresses are those of the element at each source's offset.
void append_chain(const ops::fused_chain& chain, std::vector<word>& to);

/// A number that a run is given, or one that is known, as one word, or two for complex128.
std::vector<word> words_of(const ops::program_constant& number);
std::vector<word> words_of(const scalar& number, dtype type);

/// The name of a kernel: "td_" and 32 hexadecimal digits of the key.
std::string kernel_name(std::string_view key);

/// A kernel's text up to its parts, and what ends it. `headers` are included besides the prelude, "cuda/device/copy.h"
/// for example.
std::string kernel_begin(std::string_view name, const std::vector<std::string_view>& headers);
std::string kernel_end();

/// "extern "C" __global__ void NAME(const __grid_constant__ td::words<N> w)" with its bounds, without a body.
std::string kernel_signature(std::string_view name, int words, int threads_per_block);

}  // namespace tandem::cuda
