#pragma once
/// All items as one immutable snapshot, compiled for reading: labels as symbols, a dense ItemIndex for hot loops.
/// Threads: immutable. Cost: build O(n log n) over items (1 M: ~2 s). `with` copies the tables (1 M: ~10 ms) where items are new
/// or only change their content; a change of id sets, categories, kinds or dates lists everything again (1 M: ~0.5 s). So
/// callers batch changes. 192 bytes an item beside the item itself: its front.
#include "core/item.h"
#include "core/ledger.h"
#include "core/symbol.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace takt {

/// Dense row in the current catalogue; never stored. A removed item keeps its row, as a tombstone.
using ItemIndex = std::uint32_t;

/// What the stages ask of every candidate, out of Item, whose strings fill seven cache lines.
struct ItemFacts {
  bool active = true;                    ///< and not removed
  bool sold_out = false;
  bool everywhere = true;                ///< no channels and no regions to look at
  bool for_everybody = true;             ///< no audience to look at
  bool has_price = false, has_value = false;
  double price = 0;                      ///< in its currency; 0 = none
  double value = 0;                      ///< of one response
  UtcTime added_at{};
  UtcTime starts_at = UtcTime::min();
  UtcTime ends_at = UtcTime::max();
};

/// What is asked of every candidate: three cache lines. All of them stand in one array beside the items, because two hundred items of
/// a decision lie in as many places of the memory, and finding each of those costs as much as reading it.
struct alignas(64) ItemFront {
  ItemFacts facts;
  std::uint64_t id_hash = 0;             ///< hash64 of the id: the key of the item's draws
  LabelSet labels;                       ///< channel and placement are none: the call adds them
};

class ConditionProgram;

struct CatalogueItem : ItemFront {
  bool removed = false;
  std::shared_ptr<const ConditionProgram> audience; ///< null: for everybody
  SymbolList channels;                   ///< where it may be shown; empty = everywhere. Ascending
  SymbolList aliases;                    ///< ascending
  std::vector<std::uint32_t> title_words; ///< hashes of the title's words, ascending, distinct (engine/text.h)
  Item item;
};

class Catalogue {
public:
  /// Of items with the same id the last one stays.
  static std::shared_ptr<const Catalogue> build(std::vector<Item> items, SymbolTable& symbols, std::uint64_t version);
  /// A new snapshot with `changed` put (by id) and `removed` gone.
  std::shared_ptr<const Catalogue> with(std::vector<Item> changed, std::span<const ItemId> removed, SymbolTable& symbols,
                                        std::uint64_t version) const;

  std::size_t size() const { return rows_.size(); }    ///< with tombstones
  const CatalogueItem& at(ItemIndex index) const { return *rows_[index]; }
  /// The same as of at(index), nearer.
  const ItemFront& front(ItemIndex index) const { return fronts_[index / fronts_per_block][index % fronts_per_block]; }
  /// Without touching the item: an array that stays in the cache.
  bool is_removed(ItemIndex index) const { return removed_[index] != 0; }
  /// Asks the memory for the item's front, some time before it is read. Changes nothing.
  void prefetch(ItemIndex index) const {
    constexpr std::size_t line_bytes = 64;
    const auto* begin = reinterpret_cast<const char*>(&front(index));
    for (std::size_t offset = 0; offset < sizeof(ItemFront); offset += line_bytes) __builtin_prefetch(begin + offset);
  }
  /// The same for the look-up of a name.
  void prefetch_name(Symbol item) const {
    if (static_cast<std::size_t>(item) < by_symbol_.size()) __builtin_prefetch(&by_symbol_[static_cast<std::size_t>(item)]);
  }
  /// By id or alias (an id wins over an alias, the smaller item id over the larger); tombstones are not found.
  std::optional<ItemIndex> find(Symbol item) const;
  std::uint64_t version() const { return version_; }
  /// Position of the item in the order of item ids: what "ties by item id" compares. Tombstones have one too.
  std::uint32_t rank(ItemIndex index) const { return rank_[index]; }
  std::span<const ItemIndex> by_id() const { return by_id_; }          ///< all rows, by id; with tombstones
  /// Newest first by added_at, then id; at most 1,000. Items without added_at are not new.
  std::span<const ItemIndex> newest() const { return newest_; }
  std::span<const ItemIndex> services() const;                        ///< kind "service", by id; bounded like a kind
  std::span<const ItemIndex> in_category(Symbol prefix) const;        ///< by id; bounded at 1,000 per category
  std::span<const ItemIndex> of_kind(Symbol kind) const;              ///< by id; bounded at 1,000 per kind

private:
  using Rows = std::unordered_map<Symbol, std::vector<ItemIndex>>;
  /// A changed catalogue shares the blocks that did not change: 200 KB each.
  static constexpr std::size_t fronts_per_block = 1024;
  /// by_symbol_ of a tombstone has this bit: find says none with one look.
  static constexpr std::uint32_t tombstone_bit = 0x8000'0000;
  Catalogue() = default;
  void index_rows();
  void copy_fronts(std::vector<ItemIndex> changed);
  void order_rows(std::size_t sorted_count);
  void name_symbol(Symbol name, ItemIndex index);
  bool is_named(Symbol name) const;
  void list_row(ItemIndex index);
  bool newer(ItemIndex a, ItemIndex b) const;
  std::optional<ItemIndex> row_of_id(Symbol item, const ItemId& id) const;

  std::vector<std::shared_ptr<const CatalogueItem>> rows_;
  std::vector<std::uint8_t> removed_;                                  ///< per row, as in the item
  std::vector<std::shared_ptr<const ItemFront[]>> fronts_;             ///< by blocks of rows
  std::vector<std::uint32_t> by_symbol_;                               ///< symbol → row + 1, with tombstone_bit; 0 = unknown
  std::vector<std::uint32_t> rank_;
  std::vector<ItemIndex> by_id_;
  std::vector<ItemIndex> newest_;
  Rows by_category_;                                                   ///< prefix → rows
  Rows by_kind_;
  Symbol service_kind_ = Symbol::none;
  std::uint64_t version_ = 0;
};

} // namespace takt
