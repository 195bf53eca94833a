#include "api/access/gatekeeper.h"

#include <algorithm>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace takt {
namespace {

constexpr const char* kind = "key";

Gatekeeper::Verdict refused(int status, std::string_view code, std::string_view detail) { return {{}, status, code, detail, 0}; }

} // namespace

Status Gatekeeper::load() {
  auto ring = std::make_shared<KeyRing>();
  Status status;
  TAKT_TRY_VOID(documents_.scan(kind, [&](const Document& document) {
    auto key = parse_key_document(document.id, document.json);
    if (!key) status = tl::unexpected(key.error());
    else ring->emplace(document.id, std::move(*key));
    return status.has_value();
  }));
  TAKT_TRY_VOID(std::move(status));
  ring_.publish(std::move(ring));
  return {};
}

Gatekeeper::Verdict Gatekeeper::admit(const Credentials& credentials, std::optional<Need> need, const std::vector<std::string>& origins, Moment moment) const {
  const auto ring = ring_.take();
  if (ring->empty()) return {};
  if (need == Need::nothing) return {Caller{Role::publishable, KeyMode::live, "", "", {}}, 0, {}, {}, 0};
  if (credentials.key.empty()) return refused(401, "key_missing", "this needs an API key: Authorization: Bearer KEY");
  const auto id = key_id_in(credentials.key);
  const auto found = id ? ring->find(*id) : ring->end();
  if (found == ring->end() || !is_text_of(found->second, credentials.key)) return refused(401, "key_unknown", "this API key is not known here");
  const AccessKey& key = found->second;
  if (key.revoked_at) return refused(401, "key_revoked", "this API key was revoked");
  if (!need || !may(key.role, *need)) {
    if (key.role != Role::admin) return refused(403, "role_forbids", "the role of this API key does not allow this");
  }
  const std::vector<std::string>& pages = key.origins.empty() ? origins : key.origins;
  if (key.role == Role::publishable && !credentials.origin.empty() && std::find(pages.begin(), pages.end(), credentials.origin) == pages.end())
    return refused(403, "origin_forbidden", "this page may not use this API key");
  const std::lock_guard lock(used_mutex_);
  Use& use = used_[key.id];
  use.last = moment.now;
  if (const auto seconds = CellRate(key.rate).refused_for(use.arrival_nanos, moment.steady_nanos))
    return {{}, 429, "rate_limited", "this API key asks more often than its rate allows", *seconds};
  return {Caller{key.role, key.mode, key.id, key.name, key.placements}, 0, {}, {}, 0};
}

bool Gatekeeper::knows_origin(std::string_view origin) const {
  const auto ring = ring_.take();
  return std::any_of(ring->begin(), ring->end(), [&](const auto& entry) {
    const AccessKey& key = entry.second;
    return !key.revoked_at && std::find(key.origins.begin(), key.origins.end(), origin) != key.origins.end();
  });
}

Result<NewKey> Gatekeeper::create(AccessKey wanted, UtcTime now, const std::string& author) {
  std::array<std::uint8_t, key_random_bytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return fail(ErrorCode::unavailable, "the system has no randomness to give");
  wanted.created_at = now;
  NewKey made = make_key(std::move(wanted), random);
  TAKT_TRY_VOID(put(made.key, now, author, 0));
  return made;
}

Status Gatekeeper::install(std::string_view text, UtcTime now) {
  const auto id = key_id_in(text);
  if (!id || !text.starts_with("sk_")) return fail(ErrorCode::invalid, "a bootstrap key looks like sk_live_ and 36 characters: takt keys create prints one");
  const auto ring = ring_.take();
  if (const auto found = ring->find(*id); found != ring->end())
    return is_text_of(found->second, text) ? Status{} : Status(fail(ErrorCode::conflict, "another key has the bootstrap key's id"));
  AccessKey key;
  key.id = *id;
  key.role = Role::admin;
  key.name = "bootstrap";
  key.created_at = now;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.hash.data());
  return put(key, now, "takt", 0);
}

Status Gatekeeper::revoke(const std::string& id, UtcTime now, const std::string& author) {
  TAKT_TRY(document, documents_.get(kind, id));
  if (!document || document->json.empty()) return fail(ErrorCode::not_found, "there is no such key");
  TAKT_TRY(key, parse_key_document(id, document->json));
  if (key.revoked_at) return {};
  key.revoked_at = now;
  return put(key, now, author, document->version);
}

Status Gatekeeper::put(const AccessKey& key, UtcTime now, const std::string& author, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(changing_);
  TAKT_TRY(version, documents_.put({kind, key.id, 0, write_key_document(key), now, author}, expected));
  static_cast<void>(version);
  return load();
}

std::vector<Gatekeeper::Listed> Gatekeeper::list() const {
  const auto ring = ring_.take();
  const std::lock_guard lock(used_mutex_);
  std::vector<Listed> listed;
  for (const auto& [id, key] : *ring) {
    const auto used = used_.find(id);
    listed.push_back({key, used == used_.end() ? std::nullopt : std::optional(used->second.last)});
  }
  return listed;
}

} // namespace takt
