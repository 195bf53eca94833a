#include "api/access/key.h"

#include "api/access/sign.h"
#include "api/json/fields.h"
#include "api/json/writer.h"
#include "core/hash.h"

#include <algorithm>
#include <openssl/sha.h>
#include <span>

namespace takt {
namespace {

constexpr std::string_view base32 = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's, small letters
constexpr std::size_t id_characters = 10, secret_characters = 26;

std::string_view prefix_of(Role role) {
  if (role == Role::publishable) return "pk_";
  return role == Role::decide ? "dk_" : "sk_";
}

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hash;
}

/// Five bits a character, from the first byte's highest bit on.
std::string characters_of(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t count) {
  std::string text;
  for (std::size_t i = first; i < first + count; ++i) {
    unsigned value = 0;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit) value = value << 1 | ((bytes[bit / 8] >> (7 - bit % 8)) & 1U);
    text += base32[value];
  }
  return text;
}

bool is_base32(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return base32.find(c) != std::string_view::npos; });
}

std::optional<std::array<std::uint8_t, 32>> hash_in(std::string_view hex) {
  const auto bytes = from_hex(hex);
  std::array<std::uint8_t, 32> hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

} // namespace

NewKey make_key(AccessKey wanted, const std::array<std::uint8_t, key_random_bytes>& random) {
  wanted.id = characters_of(random, 0, id_characters);
  std::string text(prefix_of(wanted.role));
  text += wanted.mode == KeyMode::live ? "live_" : "test_";
  text += wanted.id + characters_of(random, id_characters, secret_characters);
  wanted.hash = sha256(text);
  return {std::move(wanted), std::move(text)};
}

std::optional<std::string_view> key_id_in(std::string_view text) {
  constexpr std::size_t prefix_characters = 8;
  if (text.size() != prefix_characters + id_characters + secret_characters) return std::nullopt;
  const std::string_view kind = text.substr(0, 3), mode = text.substr(3, 5), rest = text.substr(prefix_characters);
  if ((kind != "pk_" && kind != "dk_" && kind != "sk_") || (mode != "live_" && mode != "test_") || !is_base32(rest)) return std::nullopt;
  return rest.substr(0, id_characters);
}

bool is_text_of(const AccessKey& key, std::string_view text) {
  const auto hash = sha256(text);
  return same_bytes(hash, key.hash);
}

RateLimit read_rate(Fields& fields) {
  RateLimit rate;
  rate.per_second = fields.real("rate", 0, key_rate_max).value_or(0);
  const auto burst = fields.real("burst", 1, key_rate_max);
  if (burst && rate.per_second <= 0) fields.complain("burst", "needs a rate: so many at once, and then as the rate says");
  rate.burst = burst.value_or(std::max(1.0, rate.per_second)); // a second's worth: pages ask in twos and threes
  return rate;
}

std::string write_key_document(const AccessKey& key) {
  JsonWriter json;
  json.begin_object().field("role", to_text(key.role)).field("mode", key.mode == KeyMode::live ? "live" : "test").field("name", key.name);
  json.field("sha256", to_hex(key.hash)).field("created_at", key.created_at).field("revoked_at", key.revoked_at);
  if (key.rate.per_second > 0) json.field("rate", key.rate.per_second).field("burst", key.rate.burst);
  for (const auto& [name, list] : {std::pair<const char*, const std::vector<std::string>*>{"origins", &key.origins}, {"placements", &key.placements}}) {
    json.key(name).begin_array();
    for (const std::string& text : *list) json.text(text);
    json.end_array();
  }
  json.end_object();
  return json.take();
}

Result<AccessKey> parse_key_document(std::string_view id, std::string_view text) {
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(text));
  Complaints complaints;
  Fields fields(document.root(), "", complaints);
  AccessKey key;
  key.id = id;
  const auto role = parse_role(fields.text("role", limits::id_bytes_max).value_or(""));
  const auto hash = hash_in(fields.text("sha256", limits::id_bytes_max).value_or(""));
  if (!role || !hash) return fail(ErrorCode::corrupt, "the key " + std::string(id) + " is damaged");
  key.role = *role;
  key.hash = *hash;
  key.mode = fields.choice<KeyMode>("mode", {{"live", KeyMode::live}, {"test", KeyMode::test}}).value_or(KeyMode::live);
  key.name = fields.text("name", limits::item_title_bytes_max).value_or("");
  key.created_at = fields.time("created_at").value_or(UtcTime{});
  key.revoked_at = fields.time("revoked_at");
  key.rate = read_rate(fields);
  key.origins = fields.texts("origins", limits::selector_values_max);
  key.placements = fields.texts("placements", limits::selector_values_max);
  if (!complaints.none()) return fail(ErrorCode::corrupt, "the key " + std::string(id) + " is damaged: " + complaints.error().message);
  return key;
}

} // namespace takt
