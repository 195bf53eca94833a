#include "api/json/event_reader.h"
#include "api/json/fields.h"
#include "core/money.h"
#include "core/symbol.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace takt {

namespace {

constexpr double price_micros_max = 1e18; // a trillion units

/// 79.9, 79.90000000000001 (binary floats of shops) or "79.90". None: no price a shop could mean.
std::optional<std::int64_t> price_of(JsonValue value) {
  if (value.is(JsonKind::string)) {
    if (value.text().size() > 19) return std::nullopt;
    const auto micros = parse_micros(value.text());
    return micros ? std::optional(*micros) : std::nullopt;
  }
  if (!value.is(JsonKind::number)) return std::nullopt;
  const double amount = value.real();
  return amount >= 0 && amount * 1e6 < price_micros_max ? std::optional(static_cast<std::int64_t>(std::llround(amount * 1e6))) : std::nullopt;
}

/// "usd" as "USD"; nothing where it is no code of three letters.
std::string currency_code(JsonValue value) {
  if (!value.is(JsonKind::string) || value.text().size() != 3) return {};
  std::string code(value.text());
  for (char& c : code) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c < 'A' || c > 'Z') return {};
  }
  return code;
}

bool names_items(EventName name) {
  switch (name) {
  case EventName::promotion_viewed: case EventName::promotion_clicked: case EventName::promotion_dismissed:
  case EventName::product_viewed: case EventName::product_clicked: case EventName::product_added: case EventName::product_removed:
  case EventName::product_list_viewed: case EventName::order_completed: case EventName::order_refunded:
  case EventName::message_delivered: case EventName::message_opened: case EventName::message_clicked: case EventName::message_bounced:
  case EventName::message_dropped: case EventName::contact_made: case EventName::products_searched: case EventName::other: return true;
  default: return false;
  }
}

} // namespace

void EventReader::read_properties() {
  if (!properties_ || event_.type != EventType::track) return;
  event_.decision_id = text(properties_, "decision_id", "/properties");
  event_.placement = text(properties_, "placement", "/properties");
  if (event_.session_id.empty()) event_.session_id = text(properties_, "session_id", "/properties", Numbers::as_text);
  if (names_items(event_.name)) read_items();
  switch (event_.name) {
  case EventName::order_completed: case EventName::order_refunded:
    event_.order_id = text(properties_, "order_id", "/properties", Numbers::as_text);
    break;
  case EventName::case_opened: case EventName::case_closed:
    event_.case_id = text(properties_, "case_id", "/properties", Numbers::as_text);
    event_.topic = text(properties_, "topic", "/properties");
    break;
  case EventName::promotion_dismissed: read_dismissal(); break;
  case EventName::fact_set: case EventName::fact_cleared: read_fact(); break;
  case EventName::feedback_given:
    if (const auto score = property("score"); score && (!score->is(JsonKind::number) || score->real() < 0 || score->real() > 10))
      complain("/properties/score", "must be a number from 0 to 10");
    break;
  default: break;
  }
  if (const auto dwell = property("dwell_ms")) {
    const auto ms = dwell->natural();
    if (ms && *ms <= std::numeric_limits<std::uint32_t>::max()) event_.dwell_ms = static_cast<std::uint32_t>(*ms);
    else complain("/properties/dwell_ms", "must be a whole number of milliseconds");
  }
  check_meaning();
}

void EventReader::read_items() {
  for (const std::string_view key : {"items", "products"}) {
    const auto list = property(key);
    if (!list) continue;
    const std::string pointer = pointer_to("/properties", key);
    if (!list->is(JsonKind::array)) {
      if (event_.name == EventName::other) continue; // somebody else's event may call anything `items`
      return complain(pointer, "must be a list");
    }
    event_.items.reserve(event_.items.size() + list->size());
    std::size_t index = 0;
    for (const JsonValue value : list->elements()) read_item(value, pointer_to(pointer, index++), true);
  }
  if (event_.items.empty() && properties_) read_item(*properties_, "/properties", false);
}

void EventReader::read_item(JsonValue value, const std::string& pointer, bool nested) {
  EventItem item;
  if (nested && value.is(JsonKind::string)) { // "items":["sku-1","sku-2"]
    if (value.text().empty() || objection_to_text(value.text(), limits_id_bytes)) return complain(pointer, "must be the id of an item");
    item.id = std::string(value.text());
    event_.items.push_back(std::move(item));
    return;
  }
  if (!value.is(JsonKind::object)) return event_.name == EventName::other ? void() : complain(pointer, "must be an object");
  const bool promotion = event_.name == EventName::promotion_viewed || event_.name == EventName::promotion_clicked || event_.name == EventName::promotion_dismissed;
  item.id = promotion ? text_of(value, {"item_id", "promotion_id", "product_id", "sku"}, pointer) : text_of(value, {"product_id", "item_id", "promotion_id", "sku"}, pointer);
  const bool v1 = nested || event_.name == EventName::product_viewed || event_.name == EventName::product_added || event_.name == EventName::product_removed;
  if (item.id.empty() && v1) item.id = text_of(value, {"id"}, pointer); // v1 of the spec
  if (item.id.empty()) return nested && event_.name != EventName::other ? complain(pointer, "names no item: product_id or item_id is missing") : void();
  if (const auto quantity = present(value.find("quantity"))) {
    const auto count = quantity->whole();
    if (count && *count >= 0 && *count <= 1'000'000) item.quantity = static_cast<std::int32_t>(*count);
    else return complain(pointer_to(pointer, "quantity"), "must be a whole number");
  }
  if (const auto price = present(value.find("price"))) {
    item.price_micros = price_of(*price);
    if (!item.price_micros && event_.name != EventName::other) return complain(pointer_to(pointer, "price"), "must be an amount, like 79.90");
    if (item.price_micros) item.price_micros = in_account_currency(*item.price_micros, value);
  }
  if (const auto position = present(value.find("position"))) // a promotion's may be text ("sidebar")
    if (const auto number = position->natural(); number && *number <= 100'000) item.position = static_cast<std::uint32_t>(*number);
  const auto loose = [&](std::string_view key) {
    const auto found = value.find(key);
    return found && found->is(JsonKind::string) && !objection_to_text(found->text(), limits_id_bytes * 4) ? std::string(found->text()) : std::string();
  };
  item.category = loose("category");
  item.brand = loose("brand");
  item.name = loose("name");
  event_.items.push_back(std::move(item));
}

/// An order counts without its price rather than not at all: what was bought must not be offered again, whatever it cost.
std::optional<std::int64_t> EventReader::in_account_currency(std::int64_t micros, JsonValue item) {
  std::optional<JsonValue> given = present(item.find("currency"));
  if (!given) given = property("currency"); // of the whole order
  if (!given || (given->is(JsonKind::string) && given->text().empty())) return micros;
  const std::string code = currency_code(*given);
  if (code == context_.account_currency) return micros;
  if (context_.rates != nullptr)
    if (const auto rate = context_.rates->find(code); rate != context_.rates->end()) {
      const double converted = static_cast<double>(micros) * rate->second;
      if (converted < price_micros_max) return std::llround(converted);
    }
  event_.currency_without_rate = code.empty() ? "an unknown currency" : code;
  return std::nullopt;
}

void EventReader::read_dismissal() {
  event_.dismiss_scope = text(properties_, "scope", "/properties");
  event_.dismiss_until = time(property("until"), "/properties/until");
  const std::string_view scope = event_.dismiss_scope;
  if (!scope.empty() && scope != "item" && scope != "category" && scope != "kind" && scope != "all" && scope != "group")
    complain("/properties/scope", "must be item, group, category, kind or all");
}

void EventReader::read_fact() {
  event_.fact_name = text(properties_, "name", "/properties");
  event_.fact_key = text(properties_, "key", "/properties", Numbers::as_text);
  event_.fact_expires_at = time(property("expires_at"), "/properties/expires_at");
  if (event_.fact_name.empty()) complain("/properties/name", "is missing: the name of the fact");
  if (const auto scope = property("scope"); scope && !error_ && !(scope->is(JsonKind::object) && scope->size() == 0))
    error_ = Error{ErrorCode::not_built, "/properties/scope: facts about a part of the catalogue are not built yet", {{"/properties/scope", "is not built yet"}}};
}

/// An event that says less than its name promises would be counted as nothing: its sender should hear about it.
void EventReader::check_meaning() {
  const bool nothing = event_.items.empty() && event_.decision_id.empty();
  switch (event_.name) {
  case EventName::promotion_viewed: case EventName::promotion_clicked:
    if (nothing) complain("/properties", "names neither a decision_id nor an item_id, promotion_id or items");
    break;
  case EventName::promotion_dismissed:
    if (nothing && event_.dismiss_scope != "all") complain("/properties", "names no item");
    break;
  case EventName::order_completed: case EventName::order_refunded:
    if (event_.order_id.empty()) complain("/properties/order_id", "is missing");
    break;
  case EventName::case_opened: case EventName::case_closed:
    if (event_.case_id.empty()) complain("/properties/case_id", "is missing");
    break;
  default: break;
  }
}

} // namespace takt
