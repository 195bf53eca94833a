#pragma once
/// Identifiers. They cannot be mixed up, and each knows its text form.
#include "core/result.h"
#include "core/time.h"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace takt {

/// A name chosen outside: 1 to 128 bytes, no control characters. `parse` is the only door in.
template <class Tag>
class Id {
public:
  Id() = default;
  static Result<Id> parse(std::string_view text) {
    if (text.empty() || text.size() > 128) return fail(ErrorCode::invalid, "an id has 1 to 128 bytes");
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return fail(ErrorCode::invalid, "an id has no control characters");
    Id id;
    id.text_ = text;
    return id;
  }
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

private:
  std::string text_;
};

using ItemId = Id<struct ItemTag>;
using PlacementId = Id<struct PlacementTag>;

/// A person as Takt knows them, "c-" and 13 characters. 0 = nobody. Found by hashing the founding identity, so the same
/// journal gives the same ids again.
struct CustomerId {
  std::uint64_t value = 0;
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const CustomerId&) const = default;
};
std::string to_text(CustomerId id);
Result<CustomerId> parse_customer_id(std::string_view text);

/// partition = hash(customer) mod 1024, fixed for ever (design.md §3).
constexpr std::uint32_t partitions_count = 1024;
std::uint32_t partition_of(CustomerId id);

using Bytes16 = std::array<std::uint8_t, 16>;

/// 26 characters of Crockford base 32, sorted by time: 48 bits of time, 10 of partition, 38 of customer tag, 32 of nonce.
/// Partition and tag let a confirmation find its ledger without an index. All zero = none.
struct DecisionId {
  Bytes16 bytes{};
  explicit operator bool() const { return bytes != Bytes16{}; }
  auto operator<=>(const DecisionId&) const = default;
};
DecisionId make_decision_id(UtcTime now, CustomerId customer, std::uint32_t nonce);
UtcTime time_of(DecisionId id);
/// Was this decision made for that customer, as far as the id can tell (38 bits)?
bool tagged_for(DecisionId id, CustomerId customer);
std::string to_text(DecisionId id);
Result<DecisionId> parse_decision_id(std::string_view text);

/// Idempotence key of one commit: the decision id, or the hash of (source, messageId).
struct CommitId {
  Bytes16 bytes{};
  auto operator<=>(const CommitId&) const = default;
};

/// Dense per customer, counts its journal entries; 0 = absent.
using Version = std::uint64_t;

/// Who somebody says they are. `user` is known (a login), `anonymous` is a device or browser.
enum class IdentityKind : std::uint8_t { user = 0, anonymous = 1 };
struct Identity {
  IdentityKind kind = IdentityKind::user;
  std::string value;
  auto operator<=>(const Identity&) const = default;
};

} // namespace takt

template <class Tag>
struct std::hash<takt::Id<Tag>> {
  std::size_t operator()(const takt::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
template <>
struct std::hash<takt::CustomerId> {
  std::size_t operator()(takt::CustomerId id) const noexcept { return static_cast<std::size_t>(id.value); }
};
template <>
struct std::hash<takt::DecisionId> {
  std::size_t operator()(const takt::DecisionId& id) const noexcept {
    std::uint64_t low = 0;
    for (int i = 8; i < 16; ++i) low = (low << 8) | id.bytes[static_cast<std::size_t>(i)];
    return static_cast<std::size_t>(low * 0x9e3779b97f4a7c15ULL);
  }
};
