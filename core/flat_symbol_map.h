#pragma once
/// A small hash table from symbols to plain values: what one decision knows of one customer, asked a thousand times a decision.
/// Open addressing in one block, at most half full; std::unordered_map takes an allocation per entry and two misses per look-up.
/// Symbol::none is no key. Order of iteration: none is offered, so nothing can depend on it. Threads: as any value.
#include "core/check.h"
#include "core/symbol.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace takt {

template <class Value>
class FlatSymbolMap {
public:
  FlatSymbolMap() = default;
  FlatSymbolMap(std::initializer_list<std::pair<Symbol, Value>> values) {
    for (const auto& [symbol, value] : values) emplace(symbol, value);
  }
  /// Null where unknown; valid until the next insertion.
  const Value* find(Symbol symbol) const {
    if (slots_.empty() || symbol == Symbol::none) return nullptr;
    const Slot& slot = slots_[place_of(symbol)];
    return slot.key == symbol ? &slot.value : nullptr;
  }
  bool contains(Symbol symbol) const { return find(symbol) != nullptr; }
  const Value& at(Symbol symbol) const {
    const Value* found = find(symbol);
    TAKT_CHECK(found, "the symbol has a value");
    return *found;
  }
  Value& operator[](Symbol symbol) {
    TAKT_CHECK(symbol != Symbol::none, "none is no key");
    if (2 * (size_ + 1) > slots_.size()) rehash(size_ + 1);
    Slot& slot = slots_[place_of(symbol)];
    if (slot.key == Symbol::none) {
      slot.key = symbol;
      ++size_;
    }
    return slot.value;
  }
  /// False, and nothing changes, where the symbol has a value.
  bool emplace(Symbol symbol, Value value) {
    if (contains(symbol)) return false;
    (*this)[symbol] = value;
    return true;
  }
  void reserve(std::size_t count) {
    if (2 * count > slots_.size()) rehash(count);
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const FlatSymbolMap& a, const FlatSymbolMap& b) {
    if (a.size_ != b.size_) return false;
    for (const Slot& slot : a.slots_) {
      if (slot.key == Symbol::none) continue;
      const Value* other = b.find(slot.key);
      if (!other || *other != slot.value) return false;
    }
    return true;
  }

private:
  struct Slot {
    Symbol key = Symbol::none;
    Value value{};
  };
  /// Where the symbol stands, or would.
  std::size_t place_of(Symbol symbol) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = static_cast<std::size_t>((static_cast<std::uint64_t>(symbol) * 0x9e3779b97f4a7c15ULL) >> 32) & mask;
    while (slots_[place].key != Symbol::none && slots_[place].key != symbol) place = (place + 1) & mask;
    return place;
  }
  void rehash(std::size_t count) {
    constexpr std::size_t first_capacity = 16;
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::max(first_capacity, std::bit_ceil(3 * count))));
    for (const Slot& slot : old)
      if (slot.key != Symbol::none) slots_[place_of(slot.key)] = slot;
  }
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

} // namespace takt
