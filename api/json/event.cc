#include "api/json/codecs.h"
#include "api/json/event_reader.h"
#include "api/json/fields.h"
#include "core/hash.h"

#include <algorithm>

namespace takt {

namespace {

std::optional<EventType> parse_type(std::string_view text) {
  if (text == "track") return EventType::track;
  if (text == "identify") return EventType::identify;
  if (text == "page") return EventType::page;
  if (text == "screen") return EventType::screen;
  if (text == "alias") return EventType::alias;
  if (text == "group") return EventType::group;
  return std::nullopt;
}

std::string hex(const Bytes16& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

} // namespace

void EventReader::complain(std::string pointer, std::string detail) {
  if (!error_) error_ = Error{ErrorCode::invalid, pointer + ": " + detail, {{pointer, detail}}};
}

std::string EventReader::text(std::optional<JsonValue> parent, std::string_view key, std::string_view pointer, Numbers numbers, std::size_t bytes_max) {
  const auto value = parent ? present(parent->find(key)) : std::nullopt;
  if (!value) return {};
  if (numbers == Numbers::as_text && value->is(JsonKind::number) && (value->whole() || value->natural())) return std::string(value->source());
  if (!value->is(JsonKind::string)) complain(pointer_to(pointer, key), "must be text");
  else if (auto objection = bytes_max > limits::id_bytes_max ? objection_to_text(value->text(), bytes_max) : objection_to_name(value->text(), bytes_max)) complain(pointer_to(pointer, key), *std::move(objection));
  else return std::string(value->text());
  return {};
}

std::string EventReader::text_of(JsonValue parent, std::initializer_list<std::string_view> keys, std::string_view pointer) {
  for (const std::string_view key : keys)
    if (std::string found = text(parent, key, pointer, Numbers::as_text); !found.empty()) return found;
  return {};
}

std::optional<UtcTime> EventReader::time(std::optional<JsonValue> value, std::string_view pointer) {
  value = present(value);
  if (!value) return std::nullopt;
  if (value->is(JsonKind::string))
    if (const auto time = parse_utc(value->text())) return *time + context_.shift;
  complain(std::string(pointer), "must be a time with its zone, like 2026-03-05T09:12:00Z");
  return std::nullopt;
}

void EventReader::read_type() {
  const std::string type = context_.type_from_path.empty() ? text(root_, "type", "") : context_.type_from_path;
  const auto known = parse_type(type);
  if (known) event_.type = *known;
  else complain("/type", "must be track, identify, page, screen, alias or group");
}

void EventReader::read_identity() {
  event_.user_id = text(root_, "userId", "");
  event_.anonymous_id = text(root_, "anonymousId", "");
  event_.previous_id = text(root_, "previousId", "");
  event_.group_id = text(root_, "groupId", "");
  if (event_.group_id.empty())
    if (const auto group = in_context("groupId"); group && group->is(JsonKind::string)) event_.group_id = std::string(group->text().substr(0, limits_id_bytes));
  if (event_.type == EventType::alias) {
    if (event_.previous_id.empty()) complain("/previousId", "is missing: alias joins previousId and userId");
    if (event_.user_id.empty()) complain("/userId", "is missing: alias joins previousId and userId");
  } else if (event_.user_id.empty() && event_.anonymous_id.empty()) {
    complain("/userId", "is missing: an event needs userId or anonymousId");
  }
  if (event_.type == EventType::group && event_.group_id.empty()) complain("/groupId", "is missing");
}

/// Where shops put what Intercom calls user_hash: in the context, or among the options that Segment's SDKs send with every event.
void EventReader::check_identity() {
  if (!context_.check_identity) return;
  std::string_view hash;
  const auto options = present(root_.find("integrations"));
  const auto ours = options && options->is(JsonKind::object) ? present(options->find("Takt")) : std::nullopt;
  for (const auto& value : {in_context("user_hash"), ours && ours->is(JsonKind::object) ? present(ours->find("user_hash")) : std::nullopt})
    if (hash.empty() && value && value->is(JsonKind::string)) hash = value->text();
  if (auto checked = context_.check_identity(event_.type, event_.user_id, hash); !checked && !error_) error_ = checked.error();
}

/// timestamp = receivedAt − (sentAt − originalTimestamp): the device's clock may be wrong, the time between two of its readings
/// is not (Segment's rule). What a client calls `timestamp` is the original one.
void EventReader::read_times() {
  auto original = time(root_.find("originalTimestamp"), "/originalTimestamp");
  const auto stated = time(root_.find("timestamp"), "/timestamp");
  if (!original) original = stated;
  auto sent = time(root_.find("sentAt"), "/sentAt");
  if (!sent) sent = time(batch_.sent_at, "/sentAt");
  auto received = context_.received_at_from_line ? time(root_.find("receivedAt"), "/receivedAt") : std::optional(context_.received_at);
  if (failed()) return;
  if (!received) { // an import without receivedAt: nothing to correct against, received when it happened
    received = stated ? stated : original;
    sent.reset();
    original = received;
    if (!received) return complain("/timestamp", "is missing: an imported event needs its time");
  }
  event_.received_at = *received;
  event_.occurred_at = !original ? *received : sent ? *received - (*sent - *original) : *original;
  if (event_.occurred_at > *received + limits::future_tolerance)
    return complain("/timestamp", "is more than 24 h after its receipt, corrected for the sender's clock");
  event_.occurred_at = std::min(event_.occurred_at, *received);
}

void EventReader::read_message_id() {
  event_.message_id = text(root_, "messageId", "");
  if (!event_.message_id.empty()) return;
  std::string content(root_.source());
  if (!context_.received_at_from_line) content += "\n" + std::to_string(ms_of(context_.received_at)) + "\n" + std::to_string(batch_.index);
  event_.message_id = "content-" + hex(hash128(content));
}

/// A client's event is small; an invoice in an import may have a thousand lines.
static Status check_size(std::string_view json, const EventContext& context) {
  const std::size_t bytes_max = context.received_at_from_line ? limits::import_line_bytes_max : limits::event_bytes_max;
  if (json.size() > bytes_max) return fail(ErrorCode::too_large, "an event of more than " + std::to_string(bytes_max) + " bytes");
  return {};
}

/// The event as it came, but for the address that SDKs send: nothing of Takt needs it, so nothing of Takt keeps it. What stands there instead is
/// what Segment's own servers write for an address that is to be dropped.
std::string EventReader::text_without_address() const {
  std::string text(root_.source());
  const auto address = own_context_ ? present(own_context_->find("ip")) : std::nullopt;
  if (!address) return text;
  const std::string_view written = address->source();
  return text.replace(static_cast<std::size_t>(written.data() - root_.source().data()), written.size(), "\"0.0.0.0\"");
}

Result<Event> EventReader::read() {
  if (!root_.is(JsonKind::object)) return fail_at("", "an event is an object");
  TAKT_TRY_VOID(check_size(root_.source(), context_));
  event_.source = context_.source;
  own_context_ = present(root_.find("context"));
  properties_ = present(root_.find("properties"));
  if (own_context_ && !own_context_->is(JsonKind::object)) complain("/context", "must be an object");
  if (properties_ && !properties_->is(JsonKind::object)) complain("/properties", "must be an object");
  if (!failed()) read_type();
  if (!failed()) read_identity();
  if (!failed()) check_identity();
  if (!failed()) read_times();
  if (!failed()) read_context();
  if (!failed()) read_traits();
  if (!failed()) read_properties();
  if (failed()) return tl::unexpected<Error>(*std::move(error_));
  read_message_id();
  if (failed()) return tl::unexpected<Error>(*std::move(error_));
  event_.raw = text_without_address();
  return std::move(event_);
}

Result<Event> parse_event(std::string_view json, const EventContext& context) {
  TAKT_TRY_VOID(check_size(json, context));
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(json));
  return EventReader(document.root(), context, {}).read();
}

Result<EventBatch> parse_event_batch(std::string_view json, const EventContext& context) {
  if (json.size() > limits::body_inflated_bytes_max)
    return fail(ErrorCode::too_large, "a batch of more than " + std::to_string(limits::body_inflated_bytes_max) + " bytes");
  JsonDocument document;
  TAKT_TRY_VOID(document.parse(json));
  const JsonValue root = document.root();
  if (!root.is(JsonKind::object)) return fail_at("", "a batch is an object with the list `batch`");
  const auto list = root.find("batch");
  if (!list || !list->is(JsonKind::array)) return fail_at("/batch", "must be a list of events");
  if (list->size() > limits::batch_events_max) return fail(ErrorCode::too_large, "a batch of more than " + std::to_string(limits::batch_events_max) + " events");
  EventBatch batch;
  if (const auto key = root.find("writeKey"); key && key->is(JsonKind::string)) batch.write_key = std::string(key->text());
  BatchEnvelope envelope{root.find("context"), root.find("sentAt"), 0};
  if (envelope.context && !envelope.context->is(JsonKind::object)) envelope.context.reset();
  batch.items.reserve(list->size());
  for (const JsonValue value : list->elements()) {
    const auto id = value.find("messageId");
    auto event = EventReader(value, context, envelope).read();
    std::string refused = event ? std::string() : std::string(value.source().substr(0, limits::event_bytes_max));
    batch.items.push_back({std::move(event), id && id->is(JsonKind::string) ? std::string(id->text().substr(0, limits::id_bytes_max)) : std::string(), std::move(refused)});
    ++envelope.index;
  }
  return batch;
}

} // namespace takt
