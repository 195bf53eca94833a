#pragma once
/// Labels as numbers. Item ids, categories, brands, tags, channels … are interned once in an append-only dictionary, so a
/// ledger of 200 exposures takes about 6 KB and compares integers. A category path is interned once per prefix
/// ("Shoes", "Shoes\x1fPumps"), which makes "under" an integer comparison too.
#include "core/inline_list.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

enum class Symbol : std::uint32_t { none = 0 };

/// A few symbols, in place: records of hundreds of label sets are read and copied for every decision, and lists that own memory
/// would make thousands of allocations of it.
using SymbolList = InlineList<Symbol, 4>;

/// Thread-safe. `intern` of a known text, `find` and `name` take no lock (~20 ns); a new text calls `persist` once, before
/// anybody can see the symbol, so that no record ever names a symbol that a crash forgot.
class SymbolTable {
public:
  using Persist = std::function<void(Symbol, std::string_view)>;
  SymbolTable() : SymbolTable({}, nullptr) {}
  /// `known[i]` becomes Symbol(i+1).
  SymbolTable(std::vector<std::string> known, Persist persist);

  Symbol intern(std::string_view text);                ///< "" → none
  Symbol find(std::string_view text) const;            ///< none where unknown
  std::string_view name(Symbol symbol) const;          ///< "" for none; valid as long as the table
  std::size_t size() const;
  /// The text means this symbol no more; who comes with it again gets another one. The symbol's own name stays readable until the
  /// process ends. Whoever keeps the dictionary writes erased_label in its place.
  void forget(Symbol symbol);

  /// One symbol per prefix, root first: {"Shoes","Pumps"} → {sym("Shoes"), sym("Shoes\x1fPumps")}.
  SymbolList intern_path(std::span<const std::string> path);
  /// The path's parts again, from the symbol of its last prefix.
  std::vector<std::string> path_of(Symbol prefix) const;

private:
  /// Open addressing, linear probing, at most half full. A slot holds the upper half of its text's hash and its symbol; 0 = free.
  /// Slots are filled once and never change, so readers need no lock; a full table is replaced by one of twice the size.
  struct Slots {
    explicit Slots(std::size_t count) : mask(count - 1), slots(count) {}
    std::size_t mask;
    std::vector<std::atomic<std::uint64_t>> slots;
  };
  /// Names in blocks that never move: block b holds block_names << b of them.
  static constexpr std::size_t block_names = 1024;
  static constexpr std::size_t blocks_count = 23;
  using Block = std::unique_ptr<std::string[]>;

  Symbol find(std::string_view text, std::uint64_t hash) const;
  std::string& place_of(std::size_t index) const;
  void add(std::string text, std::uint64_t hash);      ///< under the lock, or before anybody reads
  static void fill(Slots& slots, std::uint64_t hash, Symbol symbol);
  void grow();
  bool is_forgotten(Symbol symbol) const;              ///< under the lock

  std::mutex mutex_;                                   ///< of those who add or forget
  std::vector<Symbol> forgotten_;                      ///< ascending
  std::array<Block, blocks_count> blocks_;
  std::atomic<std::size_t> size_ = 0;                  ///< names that may be read
  std::vector<std::unique_ptr<Slots>> tables_;         ///< the last is in use; the others may still have readers
  std::atomic<const Slots*> slots_ = nullptr;
  Persist persist_;
};

constexpr char path_separator = '\x1f';

/// What a dictionary keeps of a forgotten label: unlike any other text.
std::string erased_label(Symbol symbol);

} // namespace takt

template <>
struct std::hash<takt::Symbol> {
  std::size_t operator()(takt::Symbol symbol) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(symbol) * 0x9e3779b97f4a7c15ULL);
  }
};
