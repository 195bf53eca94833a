// What is known: about a customer, a journey, a decision; and which customer a text means.
#include "api/app.h"
#include "api/gate_report.h"
#include "engine/resolve.h"
#include "engine/stage/timed_rules.h"
#include "features/family/family.h"
#include "features/linear_scorer.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json time_or_null(const std::optional<UtcTime>& time) { return time ? Json(format_utc(*time)) : Json(nullptr); }

std::string_view to_text(Purpose purpose) {
  switch (purpose) {
    case Purpose::marketing: return "marketing";
    case Purpose::profile: return "profile";
    case Purpose::frequency: return "frequency";
    case Purpose::analytics: return "analytics";
    case Purpose::service: return "service";
  }
  return "marketing";
}

std::string_view to_text(JourneyKind kind) {
  static constexpr std::string_view names[]{"view", "click", "add_to_cart", "remove_from_cart", "list_view", "search", "purchase", "refund",
                                            "promotion_click", "page", "screen", "message_open", "feedback", "other", "contact", "message_click"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_text(MarkKind kind) {
  static constexpr std::string_view names[]{"viewed", "clicked", "delivered", "dismissed", "released", "contact", "event"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_text(EntryState state) {
  static constexpr std::string_view names[]{"reserved", "shown", "expired", "released", "elsewhere"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view to_text(Dismissal::Scope scope) {
  static constexpr std::string_view names[]{"item", "category", "kind", "all", "group"};
  return names[static_cast<std::size_t>(scope)];
}

/// Labels of one record as JSON.
class RecordView {
public:
  RecordView(const CustomerRecord& record, const SymbolTable& symbols, UtcTime now) : record_(record), symbols_(symbols), now_(now) {}

  Json name(Symbol symbol) const { return symbol == Symbol::none ? Json(nullptr) : Json(symbols_.name(symbol)); }
  Json path(Symbol prefix) const { return prefix == Symbol::none ? Json::array() : Json(symbols_.path_of(prefix)); }

  Json identities() const {
    Json list = Json::array();
    for (const LinkedIdentity& link : record_.identities)
      list.push_back({{"kind", link.identity.kind == IdentityKind::user ? "user" : "anonymous"}, {"id", link.identity.value}, {"since", format_utc(link.since)}});
    return list;
  }

  /// Whom this record took in, and until when that can be undone.
  Json merged() const {
    Json list = Json::array();
    for (const MergeLink& link : record_.merges)
      list.push_back({{"customer_id", takt::to_text(link.absorbed)}, {"at", format_utc(link.at)}, {"undo_until", format_utc(link.at + limits::unmerge_window)}});
    return list;
  }

  Json traits() const {
    Json object = Json::object();
    for (const Trait& trait : record_.traits) {
      Json value = Json::parse(trait.value_json, nullptr, false); // a scalar that the border has checked
      object[trait.name] = value.is_discarded() ? Json(trait.value_json) : std::move(value);
    }
    return object;
  }

  Json consents() const {
    Json list = Json::array();
    for (const Consent& consent : record_.consents)
      list.push_back({{"purpose", to_text(consent.purpose)}, {"channel", name(consent.channel)}, {"granted", consent.granted}, {"at", format_utc(consent.at)}});
    return list;
  }

  Json orders() const {
    Json list = Json::array();
    for (const Order& order : record_.orders) {
      Json lines = Json::array();
      for (const OrderLine& line : order.lines) lines.push_back({{"item", name(line.item)}, {"quantity", line.quantity}, {"price", format_micros(line.price_micros)}});
      list.push_back({{"order_id", name(order.order_id)}, {"at", format_utc(order.at)}, {"lines", std::move(lines)}});
    }
    return list;
  }

  Json facts() const {
    Json list = Json::array();
    for (const Fact& fact : record_.facts) {
      Json switches = Json::array();
      for (const Fact::Switch& change : fact.switches)
        switches.push_back({{"at", format_utc(change.at)}, {"on", change.on}, {"expires_at", time_or_null(change.expires_at)}});
      Json one{{"name", name(fact.name)}, {"key", name(fact.key)}, {"source", name(fact.source)}, {"on", false}, {"since", nullptr}, {"expires_at", nullptr}};
      say_what_holds(fact, one);
      one["switches"] = std::move(switches);
      list.push_back(std::move(one));
    }
    return list;
  }

  /// The gates that hold this person back now.
  Json gates(const std::vector<GatePolicy>& gates) const {
    Json list = Json::array();
    for (const GatePolicy& gate : gates)
      if (const auto since = gate_since(gate, record_, now_))
        list.push_back({{"id", gate.id}, {"fact", name(gate.fact)}, {"since", format_utc(*since)}, {"until", format_utc(gate_end(gate, record_, now_))}});
    return list;
  }

  Json dismissals() const {
    Json list = Json::array();
    for (const Dismissal& dismissal : record_.dismissals)
      list.push_back({{"scope", to_text(dismissal.scope)}, {"label", name(dismissal.label)}, {"at", format_utc(dismissal.at)}, {"until", time_or_null(dismissal.until)}});
    return list;
  }

  /// Newest first, at most `limit`.
  Json exposures(std::size_t limit) const {
    Json list = Json::array();
    const auto& entries = record_.ledger.entries;
    for (std::size_t i = entries.size(); i > 0 && list.size() < limit; --i) list.push_back(exposure(entries[i - 1]));
    return list;
  }

  Json exposure(const Entry& entry) const {
    const LabelSet& labels = record_.ledger.labels_of(entry);
    Json marks = Json::array();
    for (const Mark& mark : entry.marks) marks.push_back({{"kind", to_text(mark.kind)}, {"at", format_utc(mark.at)}});
    Json json{{"item", name(labels.item)}, {"placement", name(labels.placement)}, {"channel", name(labels.channel)},
              {"state", to_text(state_of(entry, labels.medium, now_))}, {"granted_at", format_utc(entry.granted_at)},
              {"show_by", format_utc(entry.show_by)}, {"expires_at", format_utc(entry.expires_at)},
              {"seen_at", time_or_null(shown_at(entry, labels.medium))}, {"slot", entry.id.slot}, {"marks", std::move(marks)}};
    json["decision_id"] = entry.is_elsewhere() ? Json(nullptr) : Json(takt::to_text(DecisionId{entry.id.origin}));
    return json;
  }

  Json event(const JourneyEvent& event) const {
    Json json{{"at", format_utc(event.at)}, {"kind", to_text(event.kind)}, {"name", name(event.name)}, {"item", name(event.item)},
              {"category", path(event.category)}, {"brand", name(event.brand)}, {"channel", name(event.channel)}, {"session", event.session}, {"weight", event.weight}};
    if (event.dwell_ms) json["dwell_ms"] = *event.dwell_ms;
    if (event.device != Device::unknown) json["device"] = to_text(event.device);
    return json;
  }

private:
  /// The latest mark says; a gate may let go of it earlier, which is the gate's to say.
  void say_what_holds(const Fact& fact, Json& one) const {
    const auto latest = std::find_if(fact.switches.rbegin(), fact.switches.rend(), [&](const Fact::Switch& change) { return change.at <= now_; });
    if (latest == fact.switches.rend()) return;
    one["on"] = latest->on && (!latest->expires_at || now_ < *latest->expires_at);
    one["since"] = format_utc(latest->at);
    one["expires_at"] = time_or_null(latest->expires_at);
  }

  const CustomerRecord& record_;
  const SymbolTable& symbols_;
  UtcTime now_;
};

} // namespace

Result<CustomerId> App::find_customer(std::string_view text) {
  const auto by_id = [&](std::string_view id) -> Result<CustomerId> {
    TAKT_TRY(customer, parse_customer_id(id));
    TAKT_TRY(record, read_canonical(*store_, customer));
    if (record->version == 0) return fail(ErrorCode::not_found, "nobody is known under this id");
    return record->id;
  };
  const auto by_identity = [&](IdentityKind kind, std::string_view value) { return takt::find_customer(*store_, {kind, std::string(value)}); };
  if (text.starts_with("id:")) return by_id(text.substr(3));
  // An id that we gave means that customer, whoever calls himself so: anybody may take any name.
  if (text.starts_with("c-") && parse_customer_id(text))
    if (auto known = by_id(text); known || known.error().code != ErrorCode::not_found) return known;
  Result<CustomerId> found = CustomerId{};
  if (text.starts_with("user:")) found = by_identity(IdentityKind::user, text.substr(5));
  else if (text.starts_with("anon:")) found = by_identity(IdentityKind::anonymous, text.substr(5));
  else {
    found = by_identity(IdentityKind::user, text);
    if (found && !*found) found = by_identity(IdentityKind::anonymous, text);
  }
  if (found && !*found) return fail(ErrorCode::not_found, "nobody is known under this id");
  return found;
}

Status App::name_customer(std::string_view text, DecisionRequest& request) {
  auto found = find_customer(text);
  if (found) {
    request.customer = *found;
    return {};
  }
  if (found.error().code != ErrorCode::not_found) return tl::unexpected(found.error());
  if (text.starts_with("id:")) return tl::unexpected(found.error());
  if (text.starts_with("anon:")) request.anonymous_id = text.substr(5);
  else request.user_id = text.starts_with("user:") ? text.substr(5) : text;
  return {};
}

Result<std::string> App::customer_json(std::string_view customer) {
  TAKT_TRY(id, find_customer(customer));
  TAKT_TRY(record, read_canonical(*store_, id));
  const UtcTime now = std::max(clock_.utc_now(), record->clock);
  const RecordView view(*record, store_->symbols(), now);
  Json json{{"customer_id", takt::to_text(record->id)}, {"version", record->version}, {"founded_at", format_utc(record->founded_at)},
            {"last_activity", time_or_null(record->last_activity)}, {"is_bot", record->is_bot}, {"identities", view.identities()}, {"merged", view.merged()},
            {"locale", view.name(record->locale)}, {"zone", record->zones.empty() ? Json(nullptr) : view.name(record->zones.back().zone)},
            {"account_group", view.name(record->account_group)}, {"traits", view.traits()}, {"consents", view.consents()},
            {"facts", view.facts()}, {"gates", view.gates(world()->policy().gates)}, {"orders", view.orders()}, {"dismissals", view.dismissals()}, {"exposures", view.exposures(200)},
            {"exposures_total", record->ledger.entries.size()}, {"sessions", record->sessions.empty() ? 0 : record->sessions.back().ordinal},
            {"saturated", record->ledger.saturated}};
  return text_of(json);
}

Result<std::string> App::journey_json(std::string_view customer, std::size_t limit) {
  TAKT_TRY(id, find_customer(customer));
  TAKT_TRY(record, read_canonical(*store_, id));
  const RecordView view(*record, store_->symbols(), std::max(clock_.utc_now(), record->clock));
  Json events = Json::array();
  for (std::size_t i = record->journey.size(); i > 0 && events.size() < limit; --i) events.push_back(view.event(record->journey[i - 1]));
  return text_of({{"customer_id", takt::to_text(record->id)}, {"data", std::move(events)}, {"exposures", view.exposures(limit)}, {"next_cursor", nullptr}});
}

Result<std::string> App::decision_json(std::string_view decision) {
  TAKT_TRY(id, parse_decision_id(decision));
  TAKT_TRY(record, store_->decisions().find(id));
  if (!record) return fail(ErrorCode::not_found, "no such decision, or it is older than the decision log");
  return write_decision_record(*record, *world());
}

namespace {

/// As the others are told, with its definition; weight null: nothing was learnt of it yet.
Json configured_column(const CustomFeature& feature, const LinearScorer* scorer) {
  Json column{{"name", feature.id}, {"meaning", "configured"}, {"range", feature.equals_json || (!feature.trait.empty() && !feature.attribute.empty()) ? "0 to 1" : "-10 to 10"},
              {"family", "configured"}, {"reads", takt::to_text(feature.trait.empty() ? Reads::item : Reads::profile)}, {"per", "item"},
              {"definition", Json::parse(write_custom_feature(feature))}, {"weight", nullptr}};
  for (const CustomWeight& known : scorer ? scorer->custom_weights() : std::vector<CustomWeight>{})
    if (known.column == print_of(feature)) column["weight"] = known.weight;
  return column;
}

} // namespace

std::string App::features_json() const {
  const FeatureSchema& schema = feature_schema();
  Json columns = Json::array(), families = Json::array();
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const SchemaColumn& column = schema.columns[c];
    columns.push_back({{"name", column.name}, {"meaning", column.meaning}, {"range", column.range}, {"family", column.family},
                       {"reads", takt::to_text(column.reads)}, {"per", c < schema.shared_count ? "customer" : "item"}});
  }
  const WorldPtr current = world();
  const auto* scorer = dynamic_cast<const LinearScorer*>(current->models->scorer.get());
  for (std::size_t c = 0; scorer && c < columns.size(); ++c) columns[c]["weight"] = scorer->weights()[c];
  for (const CustomFeature& feature : current->rulebook->features) columns.push_back(configured_column(feature, scorer));
  for (const FeatureFamily& family : feature_set().families())
    families.push_back({{"name", family.name}, {"version", family.version}, {"reads", takt::to_text(family.reads)}});
  return text_of({{"fingerprint", fmt::format("{:016x}", schema.fingerprint)}, {"families", std::move(families)}, {"data", std::move(columns)}, {"next_cursor", nullptr}});
}

Result<std::string> App::rebuild(const std::function<void(std::size_t, std::size_t)>& progress) {
  const SteadyTime begin = clock_.steady_now();
  std::size_t customers = 0;
  TAKT_TRY_VOID(store_->journal().rebuild([&](std::size_t done, std::size_t total) {
    customers = total;
    if (progress) progress(done, total);
  }));
  return text_of({{"customers", customers}, {"seconds", std::chrono::duration<double>(clock_.steady_now() - begin).count()}});
}

} // namespace takt
