#include "runtime/loaded_objects.h"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <span>

namespace tandem::runtime {

namespace {

// The tables of an object by which the dynamic linker works.
struct dynamic_tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const ElfW(Half) * versions = nullptr;
  const ElfW(Verneed) * needed_versions = nullptr;
  std::size_t needed_version_count = 0;
  std::span<const ElfW(Rela)> relocations;
  std::span<const ElfW(Rela)> calls;
  const ElfW(Dyn) * entries = nullptr;
};

std::size_t symbol_of(const ElfW(Rela) & at) noexcept {
  return static_cast<std::size_t>(sizeof(ElfW(Addr)) == 8 ? at.r_info >> 32 : at.r_info >> 8);
}

dynamic_tables tables_of(const ElfW(Dyn) * entry, ElfW(Addr) base) noexcept {
  // glibc has put addresses here where the file has offsets; other dynamic linkers have not.
  const auto table = [base](const ElfW(Dyn) * at) {
    const ElfW(Addr) address = at->d_un.d_ptr;
    return address < base ? address + base : address;
  };
  dynamic_tables found;
  found.entries = entry;
  ElfW(Addr) relocations = 0;
  ElfW(Addr) calls = 0;
  std::size_t relocation_bytes = 0;
  std::size_t call_bytes = 0;
  bool calls_have_addends = false;
  for (; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB: found.symbols = reinterpret_cast<const ElfW(Sym)*>(table(entry)); break;
      case DT_STRTAB: found.strings = reinterpret_cast<const char*>(table(entry)); break;
      case DT_VERSYM: found.versions = reinterpret_cast<const ElfW(Half)*>(table(entry)); break;
      case DT_VERNEED: found.needed_versions = reinterpret_cast<const ElfW(Verneed)*>(table(entry)); break;
      case DT_VERNEEDNUM: found.needed_version_count = entry->d_un.d_val; break;
      case DT_RELA: relocations = table(entry); break;
      case DT_RELASZ: relocation_bytes = entry->d_un.d_val; break;
      case DT_JMPREL: calls = table(entry); break;
      case DT_PLTRELSZ: call_bytes = entry->d_un.d_val; break;
      case DT_PLTREL: calls_have_addends = entry->d_un.d_val == DT_RELA; break;
      default: break;
    }
  }
  if (relocations != 0) {
    found.relocations = {reinterpret_cast<const ElfW(Rela)*>(relocations), relocation_bytes / sizeof(ElfW(Rela))};
  }
  if (calls != 0 && calls_have_addends) {
    found.calls = {reinterpret_cast<const ElfW(Rela)*>(calls), call_bytes / sizeof(ElfW(Rela))};
  }
  return found;
}

// The version that an undefined symbol asks for.
std::string version_of(const dynamic_tables& tables, std::size_t symbol) {
  if (tables.versions == nullptr || tables.needed_versions == nullptr) return "";
  const int wanted = tables.versions[symbol] & 0x7FFF;  // the highest bit hides a definition
  const auto* file = tables.needed_versions;
  for (std::size_t i = 0; i < tables.needed_version_count; ++i) {
    const auto* each = reinterpret_cast<const ElfW(Vernaux)*>(reinterpret_cast<const char*>(file) + file->vn_aux);
    for (int k = 0; k < file->vn_cnt; ++k) {
      if (each->vna_other == wanted) return tables.strings + each->vna_name;
      each = reinterpret_cast<const ElfW(Vernaux)*>(reinterpret_cast<const char*>(each) + each->vna_next);
    }
    file = reinterpret_cast<const ElfW(Verneed)*>(reinterpret_cast<const char*>(file) + file->vn_next);
  }
  return "";
}

void read_names(const dynamic_tables& tables, loaded_object& into) {
  if (tables.strings == nullptr) return;
  for (const ElfW(Dyn)* entry = tables.entries; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_SONAME) into.name = tables.strings + entry->d_un.d_val;
    if (entry->d_tag == DT_NEEDED) into.needed.emplace_back(tables.strings + entry->d_un.d_val);
  }
}

void read_references(const dynamic_tables& tables, ElfW(Addr) base, bool (*is_wanted)(std::string_view),
                     loaded_object& into) {
  if (tables.symbols == nullptr || tables.strings == nullptr) return;
  for (const auto& table : {tables.relocations, tables.calls}) {
    for (const ElfW(Rela) & each : table) {
      const std::size_t number = symbol_of(each);
      if (number == 0 || each.r_addend != 0) continue;
      const ElfW(Sym)& symbol = tables.symbols[number];
      if (symbol.st_shndx != SHN_UNDEF) continue;
      const char* const name = tables.strings + symbol.st_name;
      if (!is_wanted(name)) continue;
      const ElfW(Addr) slot = base + each.r_offset;
      if (!into.contains(slot)) continue;
      // The dynamic linker may write it in another thread just now.
      const auto address = __atomic_load_n(reinterpret_cast<const std::uintptr_t*>(slot), __ATOMIC_RELAXED);
      // Before the first call the slot leads to code of the object itself that asks the dynamic linker.
      into.references.push_back({name, version_of(tables, number), into.contains(address) ? 0 : address});
    }
  }
}

struct walk {
  bool (*is_wanted)(std::string_view);
  std::vector<loaded_object> found;
  std::exception_ptr failure;
};

std::string program_file() {
  std::array<char, 4096> text{};
  const ssize_t length = ::readlink("/proc/self/exe", text.data(), text.size());
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : "";
}

// The dynamic linker keeps every object loaded while it calls this.
int visit(dl_phdr_info* info, std::size_t, void* to) {
  walk& objects = *static_cast<walk*>(to);
  try {
    loaded_object object;
    object.is_program = objects.found.empty() && *info->dlpi_name == '\0';
    object.file = object.is_program ? program_file() : info->dlpi_name;
    const ElfW(Dyn)* dynamic = nullptr;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& part = info->dlpi_phdr[i];
      const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
      if (part.p_type == PT_LOAD) object.ranges.push_back({begin, begin + part.p_memsz});
      if (part.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
    }
    if (dynamic != nullptr) {
      const dynamic_tables tables = tables_of(dynamic, info->dlpi_addr);
      read_names(tables, object);
      read_references(tables, info->dlpi_addr, objects.is_wanted, object);
    }
    objects.found.push_back(std::move(object));
    return 0;
  } catch (...) {  // not through the dynamic linker
    objects.failure = std::current_exception();
    return 1;
  }
}

}  // namespace

bool loaded_object::contains(std::uintptr_t address) const noexcept {
  return std::ranges::any_of(ranges, [&](const range& each) { return each.begin <= address && address < each.end; });
}

std::vector<loaded_object> loaded_objects(bool (*is_wanted)(std::string_view)) {
  walk objects{is_wanted, {}, nullptr};
  ::dl_iterate_phdr(visit, &objects);
  if (objects.failure) std::rethrow_exception(objects.failure);
  return std::move(objects.found);
}

}  // namespace tandem::runtime
