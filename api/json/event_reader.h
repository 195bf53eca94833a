#pragma once
/// One Segment- or Rudder-shaped object → Event, for event.cc. Unknown fields are the sender's business and are kept in
/// Event::raw; a field that Takt reads and that has the wrong type rejects the event, because a guess would miscount.
/// The first complaint wins. Threads: one reader, one event.
#include "api/json/codecs.h"
#include "api/json/event_names.h"
#include "api/json/reader.h"

namespace takt {

/// What a batch says once for all its events.
struct BatchEnvelope {
  std::optional<JsonValue> context;
  std::optional<JsonValue> sent_at;
  std::size_t index = 0;                 ///< of the event: two equal events of one batch are two events
};

class EventReader {
public:
  EventReader(JsonValue root, const EventContext& context, const BatchEnvelope& batch) : root_(root), context_(context), batch_(batch) {}
  Result<Event> read();

private:
  // event.cc
  void read_type();
  void read_identity();
  void check_identity();
  void read_times();
  void read_message_id();
  std::string text_without_address() const;
  // event_context.cc
  void read_context();
  void read_channel();
  void read_consent();
  void read_preferences(JsonValue preferences);
  void read_traits();
  void read_traits_of(JsonValue traits, const std::string& pointer);
  void read_consent_trait(JsonValue consent, const std::string& pointer);
  // event_properties.cc
  void read_properties();
  void read_items();
  void read_item(JsonValue value, const std::string& pointer, bool nested);
  std::optional<std::int64_t> in_account_currency(std::int64_t micros, JsonValue item);
  void read_dismissal();
  void read_fact();
  void check_meaning();

  enum class Numbers { refused, as_text };
  /// "" where absent, null or "". Errors: wrong type, control characters, longer than bytes_max.
  std::string text(std::optional<JsonValue> parent, std::string_view key, std::string_view pointer, Numbers numbers = Numbers::refused,
                   std::size_t bytes_max = limits_id_bytes);
  /// First of several spellings that is there.
  std::string text_of(JsonValue parent, std::initializer_list<std::string_view> keys, std::string_view pointer);
  std::optional<UtcTime> time(std::optional<JsonValue> value, std::string_view pointer);
  std::optional<JsonValue> property(std::string_view key) const { return properties_ ? present(properties_->find(key)) : std::nullopt; }
  /// From the event's own context, else the batch's.
  std::optional<JsonValue> in_context(std::string_view key) const;
  static std::optional<JsonValue> present(std::optional<JsonValue> value) { return value && value->is(JsonKind::null) ? std::nullopt : value; }
  void complain(std::string pointer, std::string detail);
  bool failed() const { return error_.has_value(); }

  static constexpr std::size_t limits_id_bytes = 128;
  JsonValue root_;
  const EventContext& context_;
  const BatchEnvelope& batch_;
  std::optional<JsonValue> own_context_, properties_;
  KnownName known_;
  SdkKind sdk_ = SdkKind::unknown;
  std::optional<Error> error_;
  Event event_;
};

} // namespace takt
