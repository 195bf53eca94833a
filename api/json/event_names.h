#pragma once
/// Names of the e-commerce v2 and e-mail specs, their v1 spellings, and what they mean to Takt (contract.md §4, ecosystem.md §1.1).
#include "core/event.h"

#include <optional>
#include <string_view>

namespace takt {

struct KnownName {
  EventName name = EventName::other;
  std::string_view channel;              ///< that the name implies ("Email Opened"); "" = none
};

/// Case, underscores and repeated blanks do not matter: "product_viewed" is "Product Viewed".
KnownName known_name(std::string_view text);

/// From what clients say of themselves: context.device.type, userAgentData.mobile, the user agent; unknown where none says.
Device device_of(std::string_view stated_type, std::optional<bool> is_mobile, std::string_view user_agent);

/// A user agent that names itself a crawler, preview bot or headless browser.
bool is_known_bot(std::string_view user_agent);

enum class SdkKind : std::uint8_t { unknown, web, app, server };
/// By context.library.name: "analytics.js", "analytics-ios", "@segment/analytics-node" …
SdkKind sdk_kind(std::string_view library);

} // namespace takt
