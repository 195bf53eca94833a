#include "api/access/link.h"

#include "api/access/sign.h"
#include "core/check.h"

#include <algorithm>

namespace takt {
namespace {

constexpr char format = 1;
constexpr std::size_t head_bytes = 21, signature_bytes = 16;

/// A secret signs nothing but links: what is signed begins with what it is.
std::string signature_of(std::string_view secret, std::string_view payload) {
  const Mac mac = hmac_sha256(secret, std::string("takt link\n").append(payload));
  return {reinterpret_cast<const char*>(mac.data()), signature_bytes};
}

std::span<const std::uint8_t> bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

} // namespace

bool is_link_target(std::string_view url) {
  if (url.size() > link_target_bytes_max || (!url.starts_with("https://") && !url.starts_with("http://"))) return false;
  return std::none_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

std::string write_link(const LinkKeys& keys, const Link& link) {
  TAKT_CHECK(!keys.secrets.empty(), "links are signed");
  const auto& [number, secret] = *keys.secrets.rbegin();
  std::string payload{format, static_cast<char>(number), static_cast<char>(link.action)};
  payload.append(reinterpret_cast<const char*>(link.decision.bytes.data()), link.decision.bytes.size());
  payload += static_cast<char>(link.placement);
  payload += static_cast<char>(link.slot);
  if (link.action == LinkAction::click) payload += link.target;
  return to_base64_url(payload + signature_of(secret, payload));
}

std::optional<Link> read_link(const LinkKeys& keys, std::string_view token) {
  const auto bytes = from_base64_url(token);
  if (!bytes || bytes->size() < head_bytes + signature_bytes || bytes->front() != format) return std::nullopt;
  const std::string_view payload = std::string_view(*bytes).substr(0, bytes->size() - signature_bytes);
  const auto key = keys.secrets.find(static_cast<std::uint8_t>(payload[1]));
  if (key == keys.secrets.end()) return std::nullopt;
  if (!same_bytes(bytes_of(signature_of(key->second, payload)), bytes_of(std::string_view(*bytes).substr(payload.size())))) return std::nullopt;
  Link link;
  link.action = static_cast<LinkAction>(payload[2]);
  std::copy_n(payload.begin() + 3, link.decision.bytes.size(), link.decision.bytes.begin());
  link.placement = static_cast<std::uint8_t>(payload[19]);
  link.slot = static_cast<std::uint8_t>(payload[20]);
  link.target = payload.substr(head_bytes);
  const bool is_whole = link.action == LinkAction::click ? is_link_target(link.target) : link.action == LinkAction::impression && link.target.empty();
  return is_whole ? std::optional(std::move(link)) : std::nullopt;
}

} // namespace takt
