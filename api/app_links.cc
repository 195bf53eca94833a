// Links in answers, and what it means when one is followed.
#include "api/app.h"
#include "api/json/writer.h"
#include "engine/reserve.h"
#include "engine/resolve.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {
namespace {

std::string_view path_of(LinkAction action) { return action == LinkAction::click ? "/links/click/" : "/links/impression/"; }

/// The reservation that a link speaks of; nullptr: released long ago, forgotten, erased, or never made.
const Entry* reservation_of(const CustomerRecord& record, const Link& link) {
  const auto found = std::find_if(record.ledger.entries.begin(), record.ledger.entries.end(), [&](const Entry& entry) {
    return entry.origin == EntryOrigin::granted && entry.id.origin == link.decision.bytes && entry.id.placement == link.placement && entry.id.slot == link.slot;
  });
  return found == record.ledger.entries.end() ? nullptr : &*found;
}

bool has_mark(const Entry& entry, MarkKind kind) {
  return std::any_of(entry.marks.begin(), entry.marks.end(), [&](const Mark& mark) { return mark.kind == kind; });
}

/// A name by which an event reaches this record: names that have gone over to somebody else since do not.
Result<std::optional<Identity>> reachable_as(Store& store, const CustomerRecord& record) {
  for (const LinkedIdentity& linked : record.identities) {
    TAKT_TRY(customer, find_customer(store, linked.identity));
    if (customer == record.id) return std::optional(linked.identity);
  }
  return std::optional<Identity>();
}

} // namespace

AnswerView App::view_for(const AnswerReader& reader, const Decision& decision, const World& world) const {
  AnswerView view{reader.publishable, reader.knows_person, {}};
  const std::string& address = config_.public_url.empty() ? reader.address : config_.public_url;
  if (!decision.id || address.empty() || reader.links == false) return view;
  view.links = [&decision, &world, address, asked = reader.links, keys = links_->keys()](std::size_t placement, std::uint32_t slot, std::string_view item_url) {
    AnswerLinks links;
    const PlacementRules* rules = world.rulebook->find(decision.placements[placement].placement.text());
    if (!rules || rules->placement.mode == PlacementMode::organic || (!asked && rules->medium != Medium::message)) return links; // organic: nothing is reserved
    Link link{LinkAction::impression, decision.id, static_cast<std::uint8_t>(placement), static_cast<std::uint8_t>(slot), ""};
    links.impression_url = fmt::format("{}{}{}", address, path_of(link.action), write_link(*keys, link));
    if (!is_link_target(item_url)) return links;
    link.action = LinkAction::click;
    link.target = item_url;
    links.click_url = fmt::format("{}{}{}", address, path_of(link.action), write_link(*keys, link));
    return links;
  };
  return view;
}

/// By the hour, so that tomorrow's mail asks anew; an answer of the hour before is looked for, so that no two renderings fall apart at its end.
Status App::name_link_request(DecisionRequest& request) {
  const Identity identity = request.user_id.empty() ? Identity{IdentityKind::anonymous, request.anonymous_id} : Identity{IdentityKind::user, request.user_id};
  if (identity.value.empty()) return {};               // nobody in particular: nothing is reserved
  const UtcTime now = clock_.utc_now();
  const std::int64_t hour = ms_of(now) / hours(1).count();
  const auto id_of = [&](std::int64_t of_hour) { return fmt::format("link-{:016x}-{}", request.body_hash, of_hour); };
  TAKT_TRY(customer, takt::find_customer(*store_, identity));
  request.request_id = id_of(hour - 1);
  if (customer) {
    TAKT_TRY(record, read_canonical(*store_, customer));
    const std::uint64_t earlier = request_key(request);
    for (const RequestMark& mark : record->requests)
      if (mark.request == earlier && time_of(mark.decision) + hours(1) > now) return {};
  }
  request.request_id = id_of(hour);
  return {};
}

/// A mail that was opened is no impression: mail programs and their proxies open all by themselves, so it is noted once per message and confirms
/// nothing; delivery and clicks do (semantics.md "tau"). On a screen the picture was asked for because the place was on it.
Result<std::optional<std::string>> App::link_event(const Link& link) {
  TAKT_TRY(logged, store_->decisions().find(link.decision));
  if (!logged) return std::optional<std::string>();
  TAKT_TRY(record, read_canonical(*store_, logged->decision.customer));
  const Entry* entry = reservation_of(*record, link);
  if (!entry) return std::optional<std::string>();
  const LabelSet& labels = record->ledger.labels_of(*entry);
  const bool is_click = link.action == LinkAction::click, is_message = labels.medium == Medium::message;
  // For as long as the reservation is known, longer than message ids are remembered: a link counts once.
  if (is_click ? has_mark(*entry, MarkKind::clicked) : !is_message && has_mark(*entry, MarkKind::viewed)) return std::optional<std::string>();
  TAKT_TRY(person, reachable_as(*store_, *record));
  if (!person) return std::optional<std::string>();
  const std::string decision = takt::to_text(link.decision);
  const std::string_view event = is_click ? (is_message ? "Message Clicked" : "Promotion Clicked") : is_message ? "Message Opened" : "Promotion Viewed";
  const std::string slot = is_message && !is_click ? "" : fmt::format("-{}", link.slot);
  JsonWriter json;
  json.begin_object().field("type", "track").field("event", event).field("messageId", fmt::format("link-{}-{}-{}{}", is_click ? "click" : "impression", decision, link.placement, slot));
  json.field(person->kind == IdentityKind::user ? "userId" : "anonymousId", person->value);
  json.key("properties").begin_object().field("decision_id", decision);
  if (is_click || !is_message) json.field("item_id", store_->symbols().name(labels.item));
  json.field("placement", store_->symbols().name(labels.placement)).field("channel", store_->symbols().name(labels.channel)).end_object().end_object();
  return std::optional(json.take());
}

} // namespace takt
