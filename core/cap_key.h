#pragma once
/// Keys of caps: what `per` makes of a thing's labels, numbered so that counting is array arithmetic. For core/cap*, and for whoever counts by label (fatigue).
/// Threads: values, no sharing. Cost: one multiplication and about one probe a look-up.
#include "core/cap.h"
#include "core/check.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace takt::detail {

/// A set of rules by position: a policy has at most limits::cap_rules_max of them.
using RuleSet = std::uint64_t;
constexpr RuleSet rule_bit(std::size_t rule) { return RuleSet{1} << rule; }

template <class Visit>
void for_each_rule(RuleSet rules, Visit&& visit) {
  for (; rules != 0; rules &= rules - 1) visit(static_cast<std::size_t>(std::countr_zero(rules)));
}

/// A key's number within one KeyIndex.
using KeyId = std::uint32_t;
constexpr KeyId no_key = ~KeyId{0};
constexpr std::size_t key_parts_max = 10;   ///< one per value of Per

/// The sides differ for categories only: a candidate has one key, its path cut at depth; an entry counts for every
/// prefix of its path down to depth, because a key takes what lies below it.
enum class KeySide : std::uint8_t { candidate, entry };

struct KeyShape {
  std::vector<Per> per;
  std::uint32_t depth = 0;                  ///< 0 unless `per` has a category
  bool operator==(const KeyShape&) const = default;
};
KeyShape shape_of(const CapRule& rule);

/// The values a thing has under one `per`; empty where it lacks the label, and then it has no key.
inline std::span<const Symbol> key_values(Per per, std::uint32_t depth, const LabelSet& labels, KeySide side) {
  static constexpr Symbol everything = Symbol::none;
  const auto one = [](const Symbol& symbol) { return std::span<const Symbol>(&symbol, symbol == Symbol::none ? 0U : 1U); };
  switch (per) {
    case Per::item: return one(labels.item);
    case Per::group: return one(labels.group);
    case Per::brand: return one(labels.brand);
    case Per::campaign: return one(labels.campaign);
    case Per::kind: return one(labels.kind);
    case Per::channel: return one(labels.channel);
    case Per::placement: return one(labels.placement);
    case Per::tag: return labels.tags;
    case Per::all: return {&everything, 1};
    case Per::category: {
      std::span<const Symbol> path = labels.category;
      if (depth != 0 && depth < path.size()) path = path.first(depth);
      return side == KeySide::entry || path.empty() ? path : path.last(1);
    }
  }
  return {};
}

/// Calls visit(span of parts) for each key of the thing: the product over the parts of `per`.
template <class Visit>
void for_each_key(const KeyShape& shape, const LabelSet& labels, KeySide side, Visit&& visit) {
  const std::size_t arity = shape.per.size();
  if (arity == 1) {
    for (const Symbol& symbol : key_values(shape.per[0], shape.depth, labels, side)) visit(std::span<const Symbol>(&symbol, 1));
    return;
  }
  std::array<std::span<const Symbol>, key_parts_max> values;
  std::array<std::size_t, key_parts_max> at{};
  std::array<Symbol, key_parts_max> key{};
  for (std::size_t i = 0; i < arity; ++i) {
    values[i] = key_values(shape.per[i], shape.depth, labels, side);
    if (values[i].empty()) return;
  }
  while (true) {
    for (std::size_t i = 0; i < arity; ++i) key[i] = values[i][at[i]];
    visit(std::span<const Symbol>(key.data(), arity));
    std::size_t i = arity;
    while (i > 0 && ++at[i - 1] == values[i - 1].size()) at[--i] = 0;   // an odometer, last part fastest
    if (i == 0) return;
  }
}

/// Is there any key at all: has the thing every label of `per`?
inline bool has_key(const KeyShape& shape, const LabelSet& labels) {
  return std::none_of(shape.per.begin(), shape.per.end(), [&](Per per) { return key_values(per, shape.depth, labels, KeySide::candidate).empty(); });
}

/// Keys of one shape, numbered from 0 in order of arrival. Open addressing with linear probing, at most half full.
/// `expected`: so many keys need no second table.
class KeyIndex {
public:
  explicit KeyIndex(std::size_t arity, std::size_t expected = 0)
      : arity_(arity), table_(std::max(first_capacity, std::bit_ceil(2 * expected + 1)), no_key) {
    parts_.reserve(expected * arity);
  }
  KeyId find(std::span<const Symbol> key) const { return table_[place_of(key)]; }
  KeyId insert(std::span<const Symbol> key) {
    const std::size_t place = place_of(key);
    return table_[place] != no_key ? table_[place] : add(key, place);
  }
  bool is(KeyId id, std::span<const Symbol> key) const { return equal(parts(id), key); }
  std::span<const Symbol> parts(KeyId id) const { return {parts_.data() + id * arity_, arity_}; }
  KeyId size() const { return size_; }

private:
  static constexpr std::size_t first_capacity = 32;
  static constexpr std::uint64_t spreading = 0x9e3779b97f4a7c15ULL;
  KeyId add(std::span<const Symbol> key, std::size_t place);
  std::size_t place_of(std::span<const Symbol> key) const {
    const std::size_t mask = table_.size() - 1;
    if (arity_ == 1) { // nearly all rules, asked two thousand times a decision
      const Symbol only = key.front();
      std::size_t place = static_cast<std::size_t>((static_cast<std::uint64_t>(only) * spreading) >> 32) & mask;
      while (table_[place] != no_key && parts_[table_[place]] != only) place = (place + 1) & mask;
      return place;
    }
    std::uint64_t hash = 0;
    for (const Symbol symbol : key) hash = (hash ^ static_cast<std::uint64_t>(symbol)) * spreading;
    std::size_t place = static_cast<std::size_t>(hash >> 32) & mask;
    while (table_[place] != no_key && !equal(parts(table_[place]), key)) place = (place + 1) & mask;
    return place;
  }
  static bool equal(std::span<const Symbol> a, std::span<const Symbol> b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

  std::size_t arity_;
  KeyId size_ = 0;
  std::vector<KeyId> table_;
  std::vector<Symbol> parts_;
};

} // namespace takt::detail
