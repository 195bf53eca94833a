#pragma once
/// Links that speak for themselves, for places where no script runs: "slot 2 of this decision was seen", or "… was clicked: go there".
/// A token says what it may do, of which decision and slot, and for a click the target, which is why it can lead nowhere else; it is signed
/// (HMAC-SHA256, 128 bits of it) with a key whose number it carries, so that keys can be changed while mails are under way. It holds nothing
/// about the person. Pure. Threads: any. Cost: ~1 µs.
///
/// Bytes: format (1) · key · action · decision, 16 · placement of the call, from 0 · slot, from 1 · target · signature, 16; as base64url.
#include "core/id.h"
#include "core/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace takt {

enum class LinkAction : std::uint8_t { impression = 1, click = 2 };

struct Link {
  LinkAction action = LinkAction::impression;
  DecisionId decision;
  std::uint8_t placement = 0;                        ///< in the order of the call
  std::uint8_t slot = 1;
  std::string target;                                ///< of a click: http:// or https://
  bool operator==(const Link&) const = default;
};

/// By number, 1 to 255. The last one signs, all of them are believed.
struct LinkKeys {
  std::map<std::uint8_t, std::string> secrets;
};

/// A path of ours has at most 2,048 bytes (front_limits): a longer target gets no link.
constexpr std::size_t link_target_bytes_max = 1400;
/// May a link of ours lead there?
bool is_link_target(std::string_view url);

/// `keys` has one at least.
std::string write_link(const LinkKeys& keys, const Link& link);
/// None: not a token of ours, or signed with a key that is gone.
std::optional<Link> read_link(const LinkKeys& keys, std::string_view token);

} // namespace takt
