// {"journey":{"event":"Order Completed","match":{…},"at_least":2,"within":"30d"}} and {"seen":{…}} of a condition.
#include "api/json/condition_reader.h"
#include "api/json/event_names.h"
#include "engine/condition.h"

#include <array>

namespace takt {

namespace {

constexpr std::size_t category_depth_max = 10;

/// Names that the journey keeps under their meaning, however the sender spells them.
constexpr std::array<std::pair<EventName, std::string_view>, 13> journey_names{{
    {EventName::product_viewed, "Product Viewed"}, {EventName::product_clicked, "Product Clicked"}, {EventName::promotion_clicked, "Promotion Clicked"},
    {EventName::product_added, "Product Added"}, {EventName::product_removed, "Product Removed"}, {EventName::product_list_viewed, "Product List Viewed"},
    {EventName::products_searched, "Products Searched"}, {EventName::order_completed, "Order Completed"}, {EventName::order_refunded, "Order Refunded"},
    {EventName::message_opened, "Message Opened"}, {EventName::message_clicked, "Message Clicked"}, {EventName::contact_made, "Contact Made"},
    {EventName::feedback_given, "Feedback Given"},
}};

/// What is kept elsewhere in the record, and how to ask for it.
std::string_view kept_elsewhere(EventName name) {
  switch (name) {
  case EventName::promotion_viewed:
  case EventName::promotion_dismissed:
  case EventName::message_delivered:
  case EventName::message_bounced:
  case EventName::message_dropped: return "is about an exposure, which the journey does not keep: ask {\"seen\":{…}}";
  case EventName::case_opened:
  case EventName::case_closed:
  case EventName::fact_set:
  case EventName::fact_cleared: return "switches a fact: ask {\"field\":\"fact.case_open\",\"op\":\"eq\",\"value\":true}";
  case EventName::unsubscribed:
  case EventName::consent_updated: return "changes consent: ask {\"field\":\"customer.consent.marketing.email\",\"op\":\"eq\",\"value\":true}";
  default: return "";
  }
}

std::string read_event(Fields& fields) {
  const auto sent = fields.text("event", limits::id_bytes_max);
  fields.need("event", sent.has_value());
  if (!sent || is_journey_event(*sent)) return sent.value_or("");
  const EventName name = known_name(*sent).name;
  for (const auto& [known, text] : journey_names)
    if (known == name) return std::string(text);
  if (sent->empty()) fields.complain("event", "must be the name of an event");
  else if (const std::string_view wrong = kept_elsewhere(name); !wrong.empty()) fields.complain("event", std::string(wrong));
  return *sent;
}

std::vector<std::vector<std::string>> read_categories(Fields& match) {
  std::vector<std::vector<std::string>> found;
  for (const auto& [path, pointer] : match.list("categories", limits::selector_values_max)) {
    if (!path.is(JsonKind::array) || path.size() == 0 || path.size() > category_depth_max) {
      match.complaints().add(pointer, "must be a path from the root: a list of 1 to 10 names");
      continue;
    }
    auto& parts = found.emplace_back();
    for (const JsonValue part : path.elements()) {
      const bool fits = part.is(JsonKind::string) && !part.text().empty() && !objection_to_text(part.text(), limits::id_bytes_max);
      if (!fits) match.complaints().add(pointer_to(pointer, parts.size()), "must be the name of a category");
      parts.emplace_back(fits ? part.text() : std::string_view{});
    }
  }
  return found;
}

using LabelKey = std::pair<std::string_view, std::vector<std::string> LabelTexts::*>;
constexpr std::array<LabelKey, 9> label_keys{{
    {"items", &LabelTexts::items}, {"groups", &LabelTexts::groups}, {"brands", &LabelTexts::brands}, {"channels", &LabelTexts::channels},
    {"kinds", &LabelTexts::kinds}, {"tags", &LabelTexts::tags}, {"campaigns", &LabelTexts::campaigns}, {"purposes", &LabelTexts::purposes},
    {"placements", &LabelTexts::placements},
}};

/// The first `known` keys of label_keys are stamped on what is counted; asking for the others would never match.
LabelTexts read_match(Fields& fields, std::size_t known) {
  LabelTexts match;
  const auto value = fields.take("match");
  if (!value) return match;
  Fields inner(*value, fields.pointer("match"), fields.complaints());
  for (std::size_t i = 0; i < label_keys.size(); ++i) {
    const auto& [key, texts] = label_keys[i];
    if (!inner.has(key)) continue;
    match.*texts = inner.texts(key, limits::selector_values_max);
    if (i >= known) inner.complain(key, known == 2 ? "lines of orders know items, groups and categories only" : "events of the journey know items, groups, categories, brands and channels only");
    else if (const auto list = inner.take(key); list->size() == 0) inner.complain(key, "must not be empty: an empty list matches nothing");
  }
  if (inner.has("categories")) {
    match.categories = read_categories(inner);
    if (inner.take("categories")->size() == 0) inner.complain("categories", "must not be empty: an empty list matches nothing");
  }
  inner.finish();
  return match;
}

/// A page, or a list of products, is one step of the journey without any product.
void refuse_items_of_pages(Fields& fields, const Occurrence& occurrence) {
  const LabelTexts& match = occurrence.match;
  const bool asks_items = !match.items.empty() || !match.groups.empty() || !match.brands.empty() || !match.categories.empty();
  const bool has_none = occurrence.event == "Page Viewed" || occurrence.event == "Screen Viewed" || occurrence.event == "Product List Viewed";
  if (asks_items && has_none) fields.complain("match", "the journey keeps no products of this event: only channels can be asked for");
}

void read_bounds(Fields& fields, std::size_t count_max, Occurrence& occurrence) {
  const auto at_least = fields.natural("at_least", 1, count_max), at_most = fields.natural("at_most", 0, count_max);
  const auto never = fields.flag("never");
  if (never && !*never) fields.complain("never", "is true or absent");
  if (never && (at_least || at_most)) fields.complain("never", "stands alone: it means at_most 0");
  if (at_least && at_most && *at_least > *at_most) fields.complain("at_most", "is less than at_least: this could never hold");
  if (never) occurrence.at_most = 0;
  else if (at_most) occurrence.at_most = static_cast<std::uint32_t>(*at_most);
  occurrence.at_least = static_cast<std::uint32_t>(at_least.value_or(occurrence.at_most ? 0 : 1));
}

} // namespace

Occurrence read_occurrence(Fields& condition, std::string_view key, Occurrence::Book book) {
  Occurrence occurrence;
  occurrence.book = book;
  const auto value = condition.take(key);
  if (!value) return occurrence;
  Fields fields(*value, condition.pointer(key), condition.complaints());
  if (book == Occurrence::Book::journey) {
    occurrence.event = read_event(fields);
    occurrence.match = read_match(fields, occurrence.event == "Order Completed" ? 2 : 4);
    refuse_items_of_pages(fields, occurrence);
    occurrence.within = fields.duration("within", Duration{1}, limits::condition_window_max);
    read_bounds(fields, limits::journey_events_max, occurrence);
  } else {
    occurrence.match = read_match(fields, label_keys.size());
    occurrence.within = fields.duration("within", Duration{1}, limits::ledger_horizon);
    read_bounds(fields, limits::ledger_entries_max, occurrence);
  }
  fields.finish();
  return occurrence;
}

} // namespace takt
