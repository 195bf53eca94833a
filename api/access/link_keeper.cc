#include "api/access/link_keeper.h"

#include "api/access/sign.h"
#include "api/json/fields.h"
#include "api/json/writer.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <vector>

namespace takt {
namespace {

constexpr const char* kind = "link_key";
constexpr std::size_t secret_bytes = 32;             // as long as what SHA-256 gives: more adds nothing

std::string id_of(std::uint8_t number) { return fmt::format("{:03}", number); }

Result<std::string> secret_in(const Document& document) {
  const Error damaged{ErrorCode::corrupt, "the link key " + document.id + " is damaged", {}};
  JsonDocument json;
  if (!json.parse(document.json)) return tl::unexpected(damaged);
  Complaints complaints;
  Fields fields(json.root(), "", complaints);
  const auto secret = from_hex(fields.text("secret", limits::id_bytes_max).value_or(""));
  if (!complaints.none() || !secret || secret->size() != secret_bytes) return tl::unexpected(damaged);
  return *secret;
}

Result<Document> new_key(std::uint8_t number, UtcTime now, const std::string& author) {
  std::array<std::uint8_t, secret_bytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return fail(ErrorCode::unavailable, "the system has no randomness to give");
  JsonWriter json;
  json.begin_object().field("secret", to_hex(random)).field("created_at", now).end_object();
  return Document{kind, id_of(number), 0, json.take(), now, author};
}

} // namespace

Status LinkKeeper::load(UtcTime now) {
  LinkKeys found;
  std::uint8_t last = 0;
  Status status;
  TAKT_TRY_VOID(documents_.scan(kind, [&](const Document& document) {
    std::from_chars(document.id.data(), document.id.data() + document.id.size(), last);
    if (document.json.empty()) return true;          // forgotten; its number is not given twice
    auto secret = secret_in(document);
    if (!secret) status = tl::unexpected(secret.error());
    else found.secrets.emplace(last, std::move(*secret));
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  if (!found.secrets.empty()) {
    keys_.publish(std::make_shared<const LinkKeys>(std::move(found)));
    return {};
  }
  TAKT_TRY(first, new_key(static_cast<std::uint8_t>(last + 1), now, "takt"));
  TAKT_TRY_VOID(documents_.put_all({&first, 1}));
  TAKT_TRY(secret, secret_in(first));
  found.secrets.emplace(static_cast<std::uint8_t>(last + 1), std::move(secret));
  keys_.publish(std::make_shared<const LinkKeys>(std::move(found)));
  return {};
}

Result<std::uint8_t> LinkKeeper::rotate(bool forget, UtcTime now, const std::string& author) {
  const std::lock_guard lock(changing_);
  const auto before = keys_.take();
  const std::uint8_t last = before->secrets.rbegin()->first;
  if (last == 255) return fail(ErrorCode::conflict, "255 link keys were made, and a link has one byte for the number of its key");
  const auto number = static_cast<std::uint8_t>(last + 1);
  TAKT_TRY(made, new_key(number, now, author));
  std::vector<Document> changed{made};
  if (forget)
    for (const auto& [old, secret] : before->secrets) changed.push_back({kind, id_of(old), 0, "", now, author});
  TAKT_TRY_VOID(documents_.put_all(changed));
  TAKT_TRY_VOID(load(now));
  return number;
}

} // namespace takt
