#pragma once
/// One event of a journey, parsed: names of the e-commerce v2 spec mapped to kinds, aliases resolved, times corrected for
/// clock skew, limits checked. Labels are still text: ingest stamps them.
#include "core/device.h"
#include "core/id.h"
#include "core/record.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace takt {

enum class EventType : std::uint8_t { track, identify, alias, page, screen, group };

enum class EventName : std::uint8_t {
  promotion_viewed, promotion_clicked, promotion_dismissed, product_viewed, product_clicked, product_added, product_removed,
  product_list_viewed, products_searched, order_completed, order_refunded, message_delivered, message_bounced, message_dropped,
  message_opened, message_clicked, unsubscribed, contact_made, case_opened, case_closed, fact_set, fact_cleared, feedback_given,
  consent_updated, other,
};

struct EventItem {
  std::string id;                              ///< product_id, item_id or promotion_id
  std::int32_t quantity = 1;
  std::optional<std::int64_t> price_micros;    ///< of one piece, in the account's currency
  std::string category, brand, name;           ///< used only where the catalogue does not know the item
  std::optional<std::uint32_t> position;
};

struct ConsentChange {
  Purpose purpose = Purpose::marketing;
  std::string channel;                         ///< "" = all
  bool granted = false;
};

struct EventTrait { std::string name, value_json; };

struct Event {
  std::string source = "default";              ///< write key, --source
  std::string message_id;
  EventType type = EventType::track;
  EventName name = EventName::other;
  std::string name_text;                       ///< as sent
  std::string user_id, anonymous_id, previous_id, group_id;
  UtcTime occurred_at{};                       ///< skew-corrected; not yet clamped to grant or receipt
  UtcTime received_at{};
  std::string channel;                         ///< "" = unknown
  Device device = Device::unknown;
  std::string session_id, zone, locale, placement;
  std::string decision_id;                     ///< as sent: an id we do not know is kept, never lost
  std::vector<EventItem> items;
  std::string order_id, case_id, topic;
  std::string fact_name, fact_key;
  std::optional<UtcTime> fact_expires_at;
  std::optional<std::uint32_t> dwell_ms;
  std::string dismiss_scope;                   ///< item, category, kind, all, group
  std::optional<UtcTime> dismiss_until;
  std::vector<ConsentChange> consents;
  std::vector<EventTrait> traits;
  bool active = true;                          ///< false, mail, server: no activity
  bool is_bot = false;
  std::string raw;                             ///< the JSON object as it came
  bool is_from_page = false;                   ///< with a key that anybody can read: its alias joins a device and a user, never two users
  std::string currency_without_rate = {};      ///< of prices that were left out; "" = none were
};

} // namespace takt
