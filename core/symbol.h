#pragma once
/// Labels as numbers. Item ids, categories, brands, tags, channels … are interned once in an append-only dictionary, so a
/// ledger of 200 exposures takes about 6 KB and compares integers. A category path is interned once per prefix
/// ("Shoes", "Shoes\x1fPumps"), which makes "under" an integer comparison too.
#include "core/inline_list.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace takt {

enum class Symbol : std::uint32_t { none = 0 };

/// A few symbols, in place: records of hundreds of label sets are read and copied for every decision, and lists that own memory
/// would make thousands of allocations of it.
using SymbolList = InlineList<Symbol, 4>;

/// Thread-safe. `intern` of a known text and `name` take a shared lock (~40 ns); a new text calls `persist` once, before
/// anybody can see the symbol, so that no record ever names a symbol that a crash forgot.
class SymbolTable {
public:
  using Persist = std::function<void(Symbol, std::string_view)>;
  SymbolTable() = default;
  /// `known[i]` becomes Symbol(i+1).
  SymbolTable(std::vector<std::string> known, Persist persist);

  Symbol intern(std::string_view text);                ///< "" → none
  Symbol find(std::string_view text) const;            ///< none where unknown
  std::string_view name(Symbol symbol) const;          ///< "" for none; valid as long as the table
  std::size_t size() const;

  /// One symbol per prefix, root first: {"Shoes","Pumps"} → {sym("Shoes"), sym("Shoes\x1fPumps")}.
  SymbolList intern_path(std::span<const std::string> path);
  /// The path's parts again, from the symbol of its last prefix.
  std::vector<std::string> path_of(Symbol prefix) const;

private:
  mutable std::shared_mutex mutex_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, Symbol> symbols_;
  Persist persist_;
};

constexpr char path_separator = '\x1f';

} // namespace takt

template <>
struct std::hash<takt::Symbol> {
  std::size_t operator()(takt::Symbol symbol) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(symbol) * 0x9e3779b97f4a7c15ULL);
  }
};
