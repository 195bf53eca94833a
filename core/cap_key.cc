#include "core/cap_key.h"

#include <algorithm>

namespace takt::detail {

KeyShape shape_of(const CapRule& rule) {
  TAKT_CHECK(!rule.per.empty() && rule.per.size() <= key_parts_max, "a cap has one to ten `per`");
  const bool has_category = std::find(rule.per.begin(), rule.per.end(), Per::category) != rule.per.end();
  return {rule.per, has_category ? rule.depth : 0};
}

KeyId KeyIndex::add(std::span<const Symbol> key, std::size_t place) {
  const KeyId id = size_++;
  table_[place] = id;
  parts_.insert(parts_.end(), key.begin(), key.end());
  if (size_ * std::size_t{2} > table_.size()) {
    const std::size_t capacity = table_.size() * 4;
    table_.assign(capacity, no_key);
    for (KeyId known = 0; known < size_; ++known) table_[place_of(parts(known))] = known;
  }
  return id;
}

} // namespace takt::detail
