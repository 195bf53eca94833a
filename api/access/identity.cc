#include "api/access/identity.h"

#include "api/access/sign.h"

namespace takt {

bool proves_identity(const std::vector<std::string>& secrets, std::string_view user_id, std::string_view user_hash) {
  const auto given = from_hex(user_hash);
  if (user_id.empty() || !given) return false;
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(given->data()), given->size());
  bool proved = false;
  for (const std::string& secret : secrets) proved |= same_bytes(hmac_sha256(secret, user_id), bytes); // all of them: which one fitted is nobody's business
  return proved;
}

Status check_identity(const std::vector<std::string>& secrets, const Caller& caller, std::string_view user_id, std::string_view user_hash) {
  if (secrets.empty() || user_id.empty()) return {};
  if (user_hash.empty()) {
    if (caller.role != Role::publishable) return {};
    return fail(ErrorCode::forbidden, "with a publishable key a user id needs its user_hash: HMAC-SHA256 of the id with the identity_secret, in hex");
  }
  if (proves_identity(secrets, user_id, user_hash)) return {};
  return fail(ErrorCode::forbidden, "user_hash is not the HMAC-SHA256 of this user id with the identity_secret, in hex");
}

} // namespace takt
