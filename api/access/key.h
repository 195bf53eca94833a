#pragma once
/// API keys. A key's text is "pk_live_" (publishable), "dk_live_" (links in mails) or "sk_live_" (secret), or with "test", an id of 10 and
/// a secret of 26 characters of Crockford's base 32. Only SHA-256 of the text is kept: 130 random bits need no slow hash. The text is shown
/// once. Pure but for make_key's random bytes, which are an argument. Threads: values.
#include "api/access/caller.h"
#include "api/front/rate_limit.h"
#include "core/result.h"
#include "core/time.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct AccessKey {
  std::string id;
  Role role = Role::publishable;
  KeyMode mode = KeyMode::live;
  std::string name;                                              ///< for people: "shop front end"
  std::array<std::uint8_t, 32> hash{};                           ///< SHA-256 of the text
  std::vector<std::string> origins;                              ///< publishable: pages that may use it; empty = those of the configuration
  std::vector<std::string> placements;                           ///< decide: which it may ask for; empty = any
  RateLimit rate;                                                ///< requests of everybody who uses it; 0 = no limit
  UtcTime created_at{};
  std::optional<UtcTime> revoked_at;
  bool operator==(const AccessKey&) const = default;
};

/// "rate" and "burst" of a key's JSON, as it is asked for and as it is kept. Complains about what is none.
class Fields;
RateLimit read_rate(Fields& fields);
constexpr double key_rate_max = 1e6;                             ///< a second: more than one machine answers

constexpr std::size_t key_random_bytes = 23;                     ///< 50 bits of id, 130 of secret
struct NewKey { AccessKey key; std::string text; };
/// Id, hash and text; the rest is as `wanted` says.
NewKey make_key(AccessKey wanted, const std::array<std::uint8_t, key_random_bytes>& random);

/// The id in a key's text; none: it is no key's text.
std::optional<std::string_view> key_id_in(std::string_view text);
/// Compares hashes in constant time, so that nobody learns a hash byte by byte.
bool is_text_of(const AccessKey& key, std::string_view text);

std::string write_key_document(const AccessKey& key);            ///< with the hash: for the store only
Result<AccessKey> parse_key_document(std::string_view id, std::string_view json);

/// By id. Immutable: a change is a new ring.
using KeyRing = std::map<std::string, AccessKey, std::less<>>;

} // namespace takt
