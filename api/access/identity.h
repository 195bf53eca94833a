#pragma once
/// Who a page says its visitor is: with secrets set, a user id counts only with its signature, HMAC-SHA256 of the id in hex, made by the shop's
/// own server. Everybody can read a publishable key; nobody can sign with it. Anonymous ids are the browser's own and need none. Pure.
#include "api/access/caller.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// Compares in constant time, with each secret.
bool proves_identity(const std::vector<std::string>& secrets, std::string_view user_id, std::string_view user_hash);

/// Errors: forbidden. A wrong signature is refused whoever sends it: it is a mistake in the shop, and found on the first day.
Status check_identity(const std::vector<std::string>& secrets, const Caller& caller, std::string_view user_id, std::string_view user_hash);

} // namespace takt
