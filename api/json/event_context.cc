#include "api/json/event_reader.h"
#include "api/json/fields.h"
#include "api/json/names.h"
#include "core/ledger.h"

#include <array>

namespace takt {

namespace {

constexpr std::array<std::pair<std::string_view, Purpose>, 3> default_categories{{
    {"Advertising", Purpose::marketing}, {"Analytics", Purpose::analytics}, {"Personalization", Purpose::profile},
}};

/// Events of back ends about something that happened elsewhere: the person was not active (semantics.md "session cut").
bool is_reported(EventName name) {
  switch (name) {
  case EventName::message_delivered: case EventName::message_bounced: case EventName::message_dropped: case EventName::message_opened:
  case EventName::message_clicked: case EventName::contact_made: case EventName::case_opened: case EventName::case_closed:
  case EventName::fact_set: case EventName::fact_cleared: case EventName::order_refunded: return true;
  default: return false;
  }
}

std::string_view text_or_empty(const std::optional<JsonValue>& value) { return value && value->is(JsonKind::string) ? value->text() : std::string_view{}; }

} // namespace

std::optional<JsonValue> EventReader::in_context(std::string_view key) const {
  if (own_context_)
    if (const auto own = present(own_context_->find(key))) return own;
  return batch_.context ? present(batch_.context->find(key)) : std::nullopt;
}

/// SDKs send anything here, so a context field of an unexpected type is left alone; only ids are checked.
void EventReader::read_context() {
  const auto bounded = [](std::string_view value) { return objection_to_text(value, limits_id_bytes) ? std::string() : std::string(value); };
  event_.locale = bounded(text_or_empty(in_context("locale")));
  event_.zone = bounded(text_or_empty(in_context("timezone")));
  if (const auto active = in_context("active"); active && active->is(JsonKind::boolean)) event_.active = active->boolean();
  const auto agent = in_context("userAgent"), hints = in_context("userAgentData"), device = in_context("device");
  event_.is_bot = is_known_bot(text_or_empty(agent));
  std::optional<bool> is_mobile;
  if (hints && hints->is(JsonKind::object))
    if (const auto mobile = hints->find("mobile"); mobile && mobile->is(JsonKind::boolean)) is_mobile = mobile->boolean();
  const std::string_view stated_type = device && device->is(JsonKind::object) ? text_or_empty(device->find("type")) : text_or_empty(device);
  event_.device = device_of(stated_type, is_mobile, text_or_empty(agent));
  for (const std::string_view key : {"session_id", "sessionId"}) { // Rudder: a number
    const auto session = in_context(key);
    if (!session || !event_.session_id.empty()) continue;
    if (session->is(JsonKind::number)) event_.session_id = bounded(session->source());
    else event_.session_id = bounded(text_or_empty(session));
  }
  if (const auto library = in_context("library")) sdk_ = sdk_kind(text_or_empty(library->is(JsonKind::object) ? library->find("name") : library));
  const std::string_view name_key = event_.type == EventType::track ? "event" : "name";
  event_.name_text = text(root_, name_key, "");
  if (event_.type == EventType::track && event_.name_text.empty()) return complain("/event", "is missing: the name of the event");
  if (event_.name_text.empty() && properties_) event_.name_text = bounded(text_or_empty(properties_->find("name")));
  if (event_.type == EventType::track) known_ = known_name(event_.name_text);
  event_.name = known_.name;
  read_channel();
  read_consent();
}

void EventReader::read_channel() {
  event_.channel = text(properties_, "channel", "/properties");
  if (event_.channel.empty()) event_.channel = std::string(known_.channel);
  if (event_.channel.empty())
    if (const std::string_view stated = text_or_empty(in_context("channel")); !objection_to_text(stated, limits_id_bytes)) event_.channel = stated;
  const std::string_view rudder = text_or_empty(root_.find("channel")); // Rudder: web, mobile, server, sources
  if (rudder == "server" || rudder == "sources") sdk_ = SdkKind::server;
  if (event_.channel.empty() && rudder == "web") event_.channel = "web";
  if (event_.channel.empty() && rudder == "mobile") event_.channel = "app";
  if (event_.channel.empty() && sdk_ == SdkKind::web) event_.channel = "web";
  if (event_.channel.empty() && sdk_ == SdkKind::app) event_.channel = "app";
  if (event_.channel.empty() && sdk_ == SdkKind::unknown) {
    const auto device = in_context("device"), page = in_context("page");
    const std::string_view kind = device ? text_or_empty(device->find("type")) : std::string_view{};
    if (kind == "ios" || kind == "android" || kind == "iOS" || kind == "Android" || event_.type == EventType::screen) event_.channel = "app";
    else if ((page && page->is(JsonKind::object)) || event_.type == EventType::page) event_.channel = "web";
  }
  const bool screen = event_.channel.empty() || medium_of(event_.channel) == Medium::screen;
  if (sdk_ == SdkKind::server || !screen || is_reported(event_.name)) event_.active = false;
}

void EventReader::read_consent() {
  const auto consent = in_context("consent");
  const auto preferences = consent ? present(consent->find("categoryPreferences")) : std::nullopt;
  if (preferences && preferences->is(JsonKind::object)) read_preferences(*preferences);
  if (event_.name != EventName::unsubscribed) return;
  // From which channel? Without a word about it, from all: who says stop is not asked twice.
  const std::string stated = text(properties_, "channel", "/properties");
  event_.consents.push_back({Purpose::marketing, stated.empty() ? std::string(known_.channel) : stated, false});
}

void EventReader::read_preferences(JsonValue preferences) {
  for (const JsonMember member : preferences.members()) {
    if (!member.value.is(JsonKind::boolean)) continue;
    const bool granted = member.value.boolean();
    if (context_.consent_map) {
      for (const ConsentMapping& mapping : *context_.consent_map)
        if (mapping.category == member.key) event_.consents.push_back({mapping.purpose, "", granted});
    } else {
      for (const auto& [category, purpose] : default_categories)
        if (category == member.key) event_.consents.push_back({purpose, "", granted});
    }
  }
}

void EventReader::read_traits() {
  if (event_.type == EventType::group) return; // traits of the company, not of the person
  if (const auto traits = present(root_.find("traits"))) {
    if (traits->is(JsonKind::object)) read_traits_of(*traits, "/traits");
    else complain("/traits", "must be an object");
  }
  if (const auto traits = in_context("traits"); traits && traits->is(JsonKind::object)) read_traits_of(*traits, "/context/traits");
}

void EventReader::read_traits_of(JsonValue traits, const std::string& pointer) {
  for (const JsonMember member : traits.members()) {
    if (member.key == "consent") {
      if (!member.value.is(JsonKind::null)) read_consent_trait(member.value, pointer_to(pointer, "consent"));
      continue;
    }
    if (!member.value.is_scalar() || member.value.is(JsonKind::null)) continue; // lists and objects stay in the raw event
    if (member.key.empty() || objection_to_text(member.key, limits_id_bytes)) return complain(pointer, "has a name of no or more than 128 bytes, or with control characters");
    if (member.value.source().size() > limits::trait_bytes_max)
      return complain(pointer_to(pointer, member.key), "is longer than " + std::to_string(limits::trait_bytes_max) + " bytes");
    if (event_.traits.size() == limits::traits_max) return complain(pointer, "has more than " + std::to_string(limits::traits_max) + " names");
    event_.traits.push_back({std::string(member.key), std::string(member.value.source())});
  }
}

/// {"marketing":{"email":true},"profile":false}. A purpose that we do not know is refused: a no must never get lost.
void EventReader::read_consent_trait(JsonValue consent, const std::string& pointer) {
  if (!consent.is(JsonKind::object)) return complain(pointer, "must be an object: purpose → true, false or channels");
  for (const JsonMember member : consent.members()) {
    const std::string where = pointer_to(pointer, member.key);
    const auto purpose = parse_purpose(member.key);
    if (!purpose) return complain(where, "is no purpose: " + std::string(purpose_names));
    if (member.value.is(JsonKind::boolean)) {
      event_.consents.push_back({*purpose, "", member.value.boolean()});
    } else if (member.value.is(JsonKind::object)) {
      for (const JsonMember channel : member.value.members()) {
        if (!channel.value.is(JsonKind::boolean) || channel.key.empty() || objection_to_text(channel.key, limits_id_bytes))
          return complain(pointer_to(where, channel.key), "must be true or false for a channel");
        event_.consents.push_back({*purpose, std::string(channel.key), channel.value.boolean()});
      }
    } else if (!member.value.is(JsonKind::null)) {
      return complain(where, "must be true, false or an object of channels");
    }
  }
}

} // namespace takt
