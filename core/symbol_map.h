#pragma once
/// A value per symbol, as an array: symbols are dense numbers, so a look-up is one read where a hash table needs three, and a
/// decision asks some hundreds of times. Takes sizeof(Value) + alignment per symbol up to the largest one put in, present or not.
/// Threads: as any value.
#include "core/check.h"
#include "core/symbol.h"

#include <initializer_list>
#include <utility>
#include <vector>

namespace takt {

template <class Value>
class SymbolMap {
public:
  SymbolMap() = default;
  SymbolMap(std::initializer_list<std::pair<Symbol, Value>> values) {
    for (const auto& [symbol, value] : values) emplace(symbol, value);
  }
  /// Null where unknown; valid until the next change.
  const Value* find(Symbol symbol) const {
    const auto place = static_cast<std::size_t>(symbol);
    return place < slots_.size() && slots_[place].present ? &slots_[place].value : nullptr;
  }
  const Value& at(Symbol symbol) const {
    const Value* found = find(symbol);
    TAKT_CHECK(found, "the symbol has a value");
    return *found;
  }
  /// Asks the memory for the symbol's value, some time before it is read. Changes nothing.
  void prefetch(Symbol symbol) const {
    if (static_cast<std::size_t>(symbol) < slots_.size()) __builtin_prefetch(&slots_[static_cast<std::size_t>(symbol)]);
  }
  bool contains(Symbol symbol) const { return find(symbol) != nullptr; }
  Value& operator[](Symbol symbol) {
    Slot& slot = slot_of(symbol);
    if (!slot.present) ++size_;
    slot.present = true;
    return slot.value;
  }
  /// False, and nothing changes, where the symbol has a value.
  bool emplace(Symbol symbol, Value value) {
    if (contains(symbol)) return false;
    (*this)[symbol] = value;
    return true;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const SymbolMap& a, const SymbolMap& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t place = 0; place < a.slots_.size(); ++place) {
      if (!a.slots_[place].present) continue;
      const Value* other = b.find(static_cast<Symbol>(place));
      if (!other || *other != a.slots_[place].value) return false;
    }
    return true;
  }

private:
  struct Slot {
    Value value{};
    bool present = false;
  };
  Slot& slot_of(Symbol symbol) {
    const auto place = static_cast<std::size_t>(symbol);
    if (place >= slots_.size()) slots_.resize(place + 1);
    return slots_[place];
  }
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

} // namespace takt
