// How often: from the orders, the journey and the ledger of one record.
#include "engine/condition_program.h"

#include <algorithm>

namespace takt {
namespace {

struct KnownEvent { std::string_view name; JourneyName meaning; };
constexpr std::array<KnownEvent, 15> known_events{{
    {"Contact Made", {JourneyKind::contact}}, {"Feedback Given", {JourneyKind::feedback}}, {"Message Clicked", {JourneyKind::message_click}},
    {"Message Opened", {JourneyKind::message_open}}, {"Order Completed", {JourneyKind::purchase, true}}, {"Order Refunded", {JourneyKind::refund}},
    {"Page Viewed", {JourneyKind::page}}, {"Product Added", {JourneyKind::add_to_cart}}, {"Product Clicked", {JourneyKind::click}},
    {"Product List Viewed", {JourneyKind::list_view}}, {"Product Removed", {JourneyKind::remove_from_cart}}, {"Product Viewed", {JourneyKind::view}},
    {"Products Searched", {JourneyKind::search}}, {"Promotion Clicked", {JourneyKind::promotion_click}}, {"Screen Viewed", {JourneyKind::screen}},
}};

bool is_one_of(const std::optional<std::vector<Symbol>>& wanted, Symbol symbol) {
  return !wanted || (symbol != Symbol::none && std::binary_search(wanted->begin(), wanted->end(), symbol));
}

bool is_under(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == path_separator);
}

bool event_matches(const OccurrenceRule& rule, const JourneyEvent& event, const SymbolTable& symbols) {
  if (rule.matches_all) return true;
  if (!is_one_of(rule.match.items, event.item) || !is_one_of(rule.match.groups, event.group == Symbol::none ? event.item : event.group) ||
      !is_one_of(rule.match.brands, event.brand) || !is_one_of(rule.match.channels, event.channel))
    return false;
  if (rule.categories.empty()) return true;
  const std::string_view path = symbols.name(event.category);
  return std::any_of(rule.categories.begin(), rule.categories.end(), [&](const std::string& root) { return is_under(path, root); });
}

bool line_matches(const OccurrenceRule& rule, const OrderLine& line) {
  if (line.quantity <= 0) return false; // returned
  LabelSet labels;
  labels.item = line.item;
  labels.group = line.group == Symbol::none ? line.item : line.group;
  labels.category = line.category;
  return rule.match.selects(labels);
}

std::vector<UtcTime> order_times(const OccurrenceRule& rule, const CustomerRecord& record) {
  std::vector<UtcTime> at;
  for (const Order& order : record.orders) {
    const bool told_nothing = order.lines.empty() && rule.matches_all; // an order whose products were not sent is one all the same
    if (told_nothing || std::any_of(order.lines.begin(), order.lines.end(), [&](const OrderLine& line) { return line_matches(rule, line); }))
      at.push_back(order.at);
  }
  return at;
}

/// An event with three products is three steps of the journey at one instant, and one event.
std::vector<UtcTime> journey_times(const OccurrenceRule& rule, const ConditionInputs& inputs) {
  std::vector<UtcTime> at;
  for (const JourneyEvent& event : inputs.record->journey) {
    if (event.kind != rule.kind || (rule.kind == JourneyKind::other && (event.name != rule.name || rule.name == Symbol::none))) continue;
    if (event_matches(rule, event, *inputs.symbols)) at.push_back(event.at);
  }
  std::sort(at.begin(), at.end());
  at.erase(std::unique(at.begin(), at.end()), at.end());
  return at;
}

Occurrences exposures(const OccurrenceRule& rule, const Ledger& ledger) {
  Occurrences found;
  std::vector<bool> matches;
  matches.reserve(ledger.label_sets.size());
  for (const LabelSet& labels : ledger.label_sets) matches.push_back(rule.matches_all || rule.match.selects(labels));
  for (const Entry& entry : ledger.entries) {
    if (!matches[entry.labels] || entry.origin == EntryOrigin::ghost || entry.origin == EntryOrigin::unverified) continue;
    const Medium medium = ledger.labels_of(entry).medium;
    const auto first = shown_at(entry, medium);
    if (!first) continue;
    found.at.push_back(*first);
    for (const UtcTime again : reshown_at(entry, medium)) found.at.push_back(again);
  }
  if (rule.within) return found; // the ledger keeps more than any window
  for (const Tally& tally : ledger.tallies)
    if (tally.counted == MarkKind::viewed && !tally.unverified && matches[tally.labels]) found.tallied += tally.count;
  return found;
}

} // namespace

std::optional<JourneyName> journey_name(std::string_view event) {
  const auto found = std::find_if(known_events.begin(), known_events.end(), [&](const KnownEvent& known) { return known.name == event; });
  return found == known_events.end() ? std::nullopt : std::optional(found->meaning);
}

bool is_journey_event(std::string_view event) { return journey_name(event).has_value(); }

std::optional<Occurrences> occurrences(const OccurrenceRule& rule, const ConditionInputs& inputs) {
  Occurrences found;
  if (rule.book == Occurrence::Book::seen) {
    if (!inputs.frequency_allowed) return std::nullopt;
    found = exposures(rule, inputs.ledger ? *inputs.ledger : inputs.record->ledger);
  } else {
    if (!inputs.profile_allowed) return std::nullopt;
    found.at = rule.is_orders ? order_times(rule, *inputs.record) : journey_times(rule, inputs);
  }
  std::sort(found.at.begin(), found.at.end());
  return found;
}

bool occurrence_holds(const OccurrenceRule& rule, const ConditionInputs& inputs, UtcTime t) {
  const auto found = occurrences(rule, inputs);
  if (!found) return false;
  const auto until = std::upper_bound(found->at.begin(), found->at.end(), t);
  const auto from = rule.within ? std::upper_bound(found->at.begin(), until, t - *rule.within) : found->at.begin();
  const std::size_t count = static_cast<std::size_t>(until - from) + found->tallied;
  return count >= rule.at_least && (!rule.at_most || count <= *rule.at_most);
}

void occurrence_edges(const OccurrenceRule& rule, const ConditionInputs& inputs, std::vector<UtcTime>& out) {
  const auto found = occurrences(rule, inputs);
  if (!found) return;
  for (const UtcTime at : found->at) {
    out.push_back(at);
    if (rule.within) out.push_back(at + *rule.within);
  }
}

} // namespace takt
