#include "api/json/event_names.h"

#include <algorithm>
#include <array>
#include <string>

namespace takt {

namespace {

struct Row {
  std::string_view text;
  KnownName meaning;
};

/// Ascending by text (static_assert below), in the spelling of `spelled`.
constexpr std::array<Row, 49> rows{{
    {"added product", {EventName::product_added, ""}},
    {"cancelled order", {EventName::order_refunded, ""}},
    {"case closed", {EventName::case_closed, ""}},
    {"case opened", {EventName::case_opened, ""}},
    {"clicked product", {EventName::product_clicked, ""}},
    {"clicked promotion", {EventName::promotion_clicked, ""}},
    {"completed order", {EventName::order_completed, ""}},
    {"contact made", {EventName::contact_made, ""}},
    {"email bounced", {EventName::message_bounced, "email"}},
    {"email delivered", {EventName::message_delivered, "email"}},
    {"email link clicked", {EventName::message_clicked, "email"}},
    {"email marked as spam", {EventName::unsubscribed, "email"}},
    {"email opened", {EventName::message_opened, "email"}},
    {"fact cleared", {EventName::fact_cleared, ""}},
    {"fact set", {EventName::fact_set, ""}},
    {"feedback given", {EventName::feedback_given, ""}},
    {"message bounced", {EventName::message_bounced, ""}},
    {"message clicked", {EventName::message_clicked, ""}},
    {"message delivered", {EventName::message_delivered, ""}},
    {"message dropped", {EventName::message_dropped, ""}},
    {"message opened", {EventName::message_opened, ""}},
    {"order cancelled", {EventName::order_refunded, ""}},
    {"order completed", {EventName::order_completed, ""}},
    {"order refunded", {EventName::order_refunded, ""}},
    {"product added", {EventName::product_added, ""}},
    {"product clicked", {EventName::product_clicked, ""}},
    {"product list viewed", {EventName::product_list_viewed, ""}},
    {"product removed", {EventName::product_removed, ""}},
    {"product viewed", {EventName::product_viewed, ""}},
    {"products searched", {EventName::products_searched, ""}},
    {"promotion clicked", {EventName::promotion_clicked, ""}},
    {"promotion dismissed", {EventName::promotion_dismissed, ""}},
    {"promotion viewed", {EventName::promotion_viewed, ""}},
    {"push notification bounced", {EventName::message_bounced, "push"}},
    {"push notification received", {EventName::message_delivered, "push"}},
    {"push notification tapped", {EventName::message_clicked, "push"}},
    {"refunded order", {EventName::order_refunded, ""}},
    {"removed product", {EventName::product_removed, ""}},
    {"searched products", {EventName::products_searched, ""}},
    {"segment consent preference updated", {EventName::consent_updated, ""}},
    {"sms bounced", {EventName::message_bounced, "sms"}},
    {"sms delivered", {EventName::message_delivered, "sms"}},
    {"sms link clicked", {EventName::message_clicked, "sms"}},
    {"unsubscribed", {EventName::unsubscribed, ""}},
    {"viewed product", {EventName::product_viewed, ""}},
    {"viewed product category", {EventName::product_list_viewed, ""}},
    {"viewed product list", {EventName::product_list_viewed, ""}},
    {"viewed promotion", {EventName::promotion_viewed, ""}},
    {"viewed promotions", {EventName::promotion_viewed, ""}},
}};
static_assert(std::is_sorted(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.text < b.text; }));

constexpr std::size_t longest_name = 40, longest_device_type = 16;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

// Crawlers that run scripts and so reach an SDK, link previews, and browsers without a person in front. Names that contain "bot"
// are looked for only in agents that do; "bot" alone is not enough: CUBOT makes telephones.
constexpr std::array<std::string_view, 17> named_bots{"googlebot", "bingbot", "adsbot", "yandexbot", "duckduckbot", "applebot", "slackbot", "twitterbot", "linkedinbot",
                                                      "semrushbot", "ahrefsbot", "mj12bot", "dotbot", "petalbot", "pinterestbot", "storebot-google", "uptimerobot"};
constexpr std::array<std::string_view, 7> other_bots{"headlesschrome", "baiduspider", "facebookexternalhit", "google-inspectiontool", "phantomjs", "lighthouse", "pingdom"};

constexpr std::array<std::string_view, 10> app_parts{"ios", "android", "kotlin", "swift", "react-native", "react_native", "flutter", "xamarin", "unity", "cordova"};
constexpr std::array<std::string_view, 3> web_parts{"javascript", "analytics.js", "analytics-next"};
constexpr std::array<std::string_view, 11> server_parts{"node", "python", "-go", "java", "ruby", "php", ".net", "csharp", "rust", "http", "server"};

template <std::size_t n>
bool has_part(std::string_view text, const std::array<std::string_view, n>& parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

} // namespace

KnownName known_name(std::string_view text) {
  std::array<char, longest_name> spelled{};
  std::size_t size = 0;
  for (const char c : text) {
    const char next = c == '_' ? ' ' : lower(c);
    if (next == ' ' && (size == 0 || spelled[size - 1] == ' ')) continue;
    if (size == spelled.size()) return {};
    spelled[size++] = next;
  }
  if (size > 0 && spelled[size - 1] == ' ') --size;
  const std::string_view key(spelled.data(), size);
  const auto* found = std::lower_bound(rows.begin(), rows.end(), key, [](const Row& row, std::string_view wanted) { return row.text < wanted; });
  return found != rows.end() && found->text == key ? found->meaning : KnownName{};
}

bool is_known_bot(std::string_view user_agent) {
  const std::string agent = lowered(user_agent);
  return (agent.find("bot") != std::string::npos && has_part(agent, named_bots)) || has_part(agent, other_bots);
}

Device device_of(std::string_view stated_type, std::optional<bool> is_mobile, std::string_view user_agent) {
  const std::string type = lowered(stated_type.substr(0, longest_device_type)), agent = lowered(user_agent);
  const auto says = [&](std::string_view part) { return agent.find(part) != std::string::npos; };
  // An iPad and an Android tablet send the type of a phone: their agent knows better. Only browsers write "Mobile" for phones; the
  // agent of an app ("Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)") never does.
  const bool is_tablet = type == "tablet" || says("ipad") || says("tablet") || (says("mozilla/") && says("android") && !says("mobile"));
  if (is_tablet) return Device::tablet;
  if (type == "ios" || type == "android" || type == "phone" || type == "mobile" || is_mobile == true || says("mobi") || says("android")) return Device::phone;
  if (type == "desktop" || type == "macos" || type == "windows" || type == "linux" || says("mozilla/")) return Device::desktop;
  return type.empty() ? Device::unknown : Device::other;
}

SdkKind sdk_kind(std::string_view library) {
  if (library.empty()) return SdkKind::unknown;
  const std::string name = lowered(library);
  if (has_part(name, app_parts)) return SdkKind::app; // "rudder-android-library" before "java"
  if (has_part(name, web_parts)) return SdkKind::web; // "RudderLabs JavaScript SDK" before "java"
  return has_part(name, server_parts) ? SdkKind::server : SdkKind::unknown;
}

} // namespace takt
