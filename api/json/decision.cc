#include "api/json/decision_writer.h"
#include "api/json/feature_rows.h"

#include <algorithm>

namespace takt {
namespace {

/// Codes that are a matter of the shop, the call or this machine. All others say something about the person: what they bought, refused, complained
/// about, when they sleep.
bool is_impersonal(ReasonCode code) {
  switch (code) {
  case ReasonCode::inactive: case ReasonCode::out_of_schedule: case ReasonCode::out_of_stock: case ReasonCode::placement_mismatch:
  case ReasonCode::excluded: case ReasonCode::filtered: case ReasonCode::duplicate: case ReasonCode::group_duplicate: case ReasonCode::diversity:
  case ReasonCode::budget_exhausted: case ReasonCode::paused: case ReasonCode::hidden: case ReasonCode::unknown_item: case ReasonCode::anchor:
  case ReasonCode::no_rate: case ReasonCode::deadline_skipped: case ReasonCode::contention: case ReasonCode::store_unavailable:
  case ReasonCode::boosted: case ReasonCode::pinned: return true;
  default: return false;
  }
}

/// What a person did is behind these, and named by them.
bool is_personal(Because because) {
  return because == Because::viewed || because == Because::bought || because == Because::similar_to || because == Because::category || because == Because::brand;
}

} // namespace

void DecisionWriter::write() {
  write_head();
  json_.key("placements").begin_array();
  for (const PlacementDecision& placement : decision_.placements) write_placement(placement);
  json_.end_array().key("degraded").begin_array();
  for (const Degraded& degraded : decision_.degraded)
    json_.text(std::string(to_text(degraded.stage)) + ":" + std::string(to_text(degraded.code)));
  json_.end_array();
  if (explain_ != Explain::none && !publishable_) write_explain();
}

void DecisionWriter::write_head() {
  if (decision_.id) json_.field("decision_id", to_text(decision_.id));
  else json_.key("decision_id").null(); // a dry run
  json_.field_or_null("request_id", request_.request_id);
  if (!publishable_) {
    if (decision_.customer) json_.field("customer_id", to_text(decision_.customer));
    else json_.key("customer_id").null();
  }
  // Ours counts somebody's sessions; one that the call named is no news to it.
  json_.field_or_null("session_id", view_.tells_about_person() ? decision_.session_id : request_.context.session_id);
  if (decision_.replayed) json_.field("replayed", true);
  if (decision_.supersedes) json_.field("supersedes", to_text(decision_.supersedes));
  json_.key("versions").begin_object().field("rules", decision_.versions.rules).field_or_null("model", decision_.versions.model);
  json_.field_or_null("index", decision_.versions.index).field("artefacts", decision_.versions.artefacts).end_object();
  json_.key("experiments").begin_array().end_array();
}

void DecisionWriter::write_placement(const PlacementDecision& placement) {
  json_.begin_object().field("placement", placement.placement.text()).field("outcome", to_text(placement.outcome));
  json_.field("not_before", view_.tells_about_person() ? placement.not_before : std::nullopt);
  json_.key("items").begin_array();
  for (const Choice& choice : placement.choices) write_choice(placement, choice);
  json_.end_array();
  if (placement.hold) {
    json_.key("hold").begin_object().field("slot", placement.hold->slot).field("kind", to_text(placement.hold->kind));
    if (!publishable_) json_.field("propensity", placement.hold->propensity);
    json_.end_object();
  }
  json_.key("reasons");
  write_reasons(placement.reasons);
  if (!placement.unknown_candidates.empty()) {
    json_.key("unknown_candidates").begin_array();
    for (const std::string& id : placement.unknown_candidates) json_.text(id);
    json_.end_array();
  }
  json_.end_object();
}

void DecisionWriter::write_choice(const PlacementDecision& placement, const Choice& choice) {
  json_.begin_object().field("item", choice.item.text()).field("slot", choice.slot);
  if (!publishable_) json_.field("score", choice.score).field("propensity", choice.propensity);
  if (view_.tells_about_person()) json_.field("source", to_text(choice.source));
  if (choice.reserved_until == UtcTime{}) {
    json_.key("reserved_until").null();
  } else {
    // Client clocks lie: the time that is left needs none.
    json_.field("reserved_until", choice.reserved_until);
    json_.field("show_within_ms", std::max<std::int64_t>((choice.reserved_until - decision_.now).count(), 0));
  }
  json_.key("attributes");
  write_attributes(placement, choice);
  write_links(placement, choice);
  write_why(choice);
  if (explain_ != Explain::none && !publishable_) {
    json_.key("reasons");
    write_reasons(choice.reasons);
  }
  if (explain_ == Explain::full && !publishable_) write_terms(choice.terms);
  json_.end_object();
}

const Item* DecisionWriter::find_item(std::string_view id) const {
  const Symbol symbol = world_.symbols->find(id);
  const auto index = symbol == Symbol::none ? std::nullopt : world_.catalogue->find(symbol);
  return index ? &world_.catalogue->at(*index).item : nullptr;
}

std::string_view DecisionWriter::title_of(const Item& item) const {
  const std::string& locale = request_.context.locale;
  if (item.title_by_language.empty() || locale.empty()) return item.title;
  if (const auto exact = item.title_by_language.find(locale); exact != item.title_by_language.end()) return exact->second;
  const auto language = item.title_by_language.find(locale.substr(0, locale.find_first_of("-_")));
  return language == item.title_by_language.end() ? std::string_view(item.title) : std::string_view(language->second);
}

void DecisionWriter::write_attributes(const PlacementDecision& placement, const Choice& choice) {
  json_.begin_object();
  const PlacementRules* rules = world_.rulebook->find(placement.placement.text());
  if (const Item* item = find_item(choice.item.text()); item && rules)
    for (const std::string& field : rules->placement.fields) write_attribute(*item, field);
  json_.end_object();
}

/// What the item does not have is left out.
void DecisionWriter::write_attribute(const Item& item, std::string_view field) {
  const auto text = [&](std::string_view value) { if (!value.empty()) json_.field(field, value); };
  const auto texts = [&](const std::vector<std::string>& values) {
    json_.key(field).begin_array();
    for (const std::string& value : values) json_.text(value);
    json_.end_array();
  };
  const auto money = [&](const std::optional<Money>& value) {
    if (value) json_.key(field).begin_object().field("amount", format_micros(value->micros)).field("currency", value->currency).end_object();
  };
  if (field == "title") text(title_of(item));
  else if (field == "url") text(item.url);
  else if (field == "image") text(item.image);
  else if (field == "price") money(item.price);
  else if (field == "list_price") money(item.list_price);
  else if (field == "brand") text(item.brand);
  else if (field == "kind") text(item.kind);
  else if (field == "group") text(item.group);
  else if (field == "campaign") text(item.campaign);
  else if (field == "category") texts(item.category);
  else if (field == "tags") texts(item.tags);
  else if (field == "stock") json_.field(field, item.stock);
  else {
    const std::string_view name = field.starts_with("attributes.") ? field.substr(11) : field;
    if (const auto found = item.attributes_json.find(std::string(name)); found != item.attributes_json.end()) json_.key(name).raw(found->second);
  }
}

void DecisionWriter::write_links(const PlacementDecision& placement, const Choice& choice) {
  if (!view_.links) return;
  const Item* item = find_item(choice.item.text());
  const AnswerLinks links = view_.links(static_cast<std::size_t>(&placement - decision_.placements.data()), choice.slot, item ? std::string_view(item->url) : std::string_view());
  if (!links.impression_url.empty()) json_.field("impression_url", links.impression_url);
  if (!links.click_url.empty()) json_.field("click_url", links.click_url);
}

/// An item that the call itself named as its anchor is no secret of the person.
bool DecisionWriter::may_tell(const Choice& choice) const {
  if (view_.tells_about_person() || !is_personal(choice.because)) return true;
  return std::any_of(request_.placements.begin(), request_.placements.end(), [&](const PlacementRequest& asked) {
    return std::any_of(asked.anchor_items.begin(), asked.anchor_items.end(), [&](const ItemId& anchor) { return anchor.text() == choice.because_item; });
  });
}

void DecisionWriter::write_why(const Choice& choice) {
  if (!may_tell(choice)) {
    json_.key("why").begin_object().field("code", to_text(Because::chosen_for_you)).key("params").begin_object().end_object();
    json_.field("text", describe(Because::chosen_for_you, "", request_.context.locale)).end_object();
    return;
  }
  json_.key("why").begin_object().field("code", to_text(choice.because)).key("params").begin_object();
  std::string subject = choice.because_item;
  if (!subject.empty()) {
    const bool is_label = choice.because == Because::category || choice.because == Because::brand;
    const std::size_t last = subject.rfind(path_separator); // a category is its whole path: people read the last part
    if (is_label && last != std::string::npos) subject.erase(0, last + 1);
    json_.field(choice.because == Because::category ? "category" : choice.because == Because::brand ? "brand" : "item", subject);
    if (const Item* item = is_label ? nullptr : find_item(subject); item && !title_of(*item).empty()) subject = title_of(*item);
  }
  json_.end_object().field("text", describe(choice.because, subject, request_.context.locale)).end_object();
}

void DecisionWriter::write_terms(const ScoreTerms& terms) {
  json_.key("terms").begin_object().field("p_act", terms.p_act).field("p_nothing", terms.p_nothing).field("value", terms.value);
  json_.field("context", terms.context).field("lever", terms.lever).field("contact_cost", terms.contact_cost);
  json_.field("attention_price", terms.attention_price).field("fatigue_factor", terms.fatigue_factor).end_object();
}

void DecisionWriter::write_reasons(const std::vector<Reason>& reasons) {
  json_.begin_array();
  for (const Reason& reason : reasons)
    if (view_.tells_about_person() || is_impersonal(reason.code)) write_reason(reason);
  json_.end_array();
}

/// With a publishable key only what happened: rules, counts and limits are the shop's own business.
void DecisionWriter::write_reason(const Reason& reason) {
  json_.begin_object().field("stage", to_text(reason.stage)).field("code", to_text(reason.code));
  if (!publishable_) {
    if (!reason.rule.empty()) json_.field("rule", reason.rule);
    if (reason.observed) json_.field("observed", *reason.observed);
    if (reason.limit) json_.field("limit", *reason.limit);
    if (reason.factor) json_.field("factor", *reason.factor);
    if (reason.eligible_again) json_.field("eligible_again", *reason.eligible_again);
    if (reason.provisional) json_.field("provisional", true);
    json_.field("text", describe(reason, request_.context.locale));
  }
  json_.end_object();
}

void DecisionWriter::write_explain() {
  json_.key("explain").begin_object().key("funnel").begin_array();
  for (const PlacementDecision& placement : decision_.placements) write_funnel(placement);
  json_.end_array().key("drops").begin_array();
  for (const PlacementDecision& placement : decision_.placements)
    for (const auto& [code, count] : placement.drops)
      json_.begin_object().field("placement", placement.placement.text()).field("code", to_text(code)).field("count", count).end_object();
  json_.end_array();
  if (!publishable_) {
    json_.key("diversity").begin_array();
    for (const PlacementDecision& placement : decision_.placements)
      if (placement.diversity_cost)
        json_.begin_object().field("placement", placement.placement.text()).field("cost", *placement.diversity_cost).end_object();
    json_.end_array().key("merchandising").begin_array();
    for (const PlacementDecision& placement : decision_.placements)
      if (placement.merchandising_cost)
        json_.begin_object().field("placement", placement.placement.text()).field("cost", *placement.merchandising_cost).end_object();
    json_.end_array();
  }
  if (explain_ == Explain::full) {
    json_.key("dropped").begin_array();
    for (const PlacementDecision& placement : decision_.placements) write_dropped(placement);
    json_.end_array();
  }
  json_.end_object();
}

void DecisionWriter::write_funnel(const PlacementDecision& placement) {
  for (const StageTiming& timing : placement.funnel) {
    json_.begin_object().field("placement", placement.placement.text()).field("stage", to_text(timing.stage));
    json_.field("in", timing.in).field("out", timing.out).field("micros", timing.nanos / 1000).end_object();
  }
}

void DecisionWriter::write_dropped(const PlacementDecision& placement) {
  for (const DroppedItem& dropped : placement.dropped) {
    json_.begin_object().field("item", dropped.item.text()).field("placement", placement.placement.text());
    json_.field("eligible_again", dropped.eligible_again).field("provisional", dropped.provisional).key("blocked_by");
    write_reasons(dropped.blocked_by);
    json_.end_object();
  }
}

std::string write_decision(const Decision& decision, const DecisionRequest& request, const World& world, const AnswerView& view) {
  JsonWriter json;
  json.begin_object();
  DecisionWriter(json, decision, request, world, request.explain, view).write();
  json.end_object();
  return json.take();
}

namespace {

void write_request(JsonWriter& json, const DecisionRequest& request) {
  json.begin_object().field_or_null("request_id", request.request_id).key("customer").begin_object();
  json.field_or_null("user_id", request.user_id).field_or_null("anonymous_id", request.anonymous_id).end_object();
  json.key("placements").begin_array();
  for (const PlacementRequest& placement : request.placements) {
    json.begin_object().field("placement", placement.placement.text()).field("limit", placement.limit).key("anchor").begin_object().key("items").begin_array();
    for (const ItemId& item : placement.anchor_items) json.text(item.text());
    json.end_array().end_object().field("candidates", placement.candidates ? std::optional(static_cast<std::uint64_t>(placement.candidates->size())) : std::nullopt);
    json.end_object();
  }
  const RequestContext& context = request.context;
  json.end_array().key("context").begin_object().field_or_null("channel", context.channel).field_or_null("device", context.device);
  json.field_or_null("locale", context.locale).field_or_null("timezone", context.timezone).field_or_null("session_id", context.session_id);
  json.field_or_null("page_path", context.page_path).end_object().key("exclude").begin_array();
  for (const ItemId& item : request.exclude) json.text(item.text());
  json.end_array().field("filtered", request.filter.has_value());
  if (request.after) json.field("after", to_text(request.after));
  json.key("replaces").begin_array();
  for (const DecisionId id : request.replaces) json.text(to_text(id));
  json.end_array().field("key", request.key_name).end_object();
}

/// What caps over more than one customer had told it, and what it took.
void write_totals(JsonWriter& json, const Decision& decision, const SymbolTable& symbols) {
  if (decision.totals.empty()) return;
  json.key("totals").begin_array();
  for (const TotalSeen& seen : decision.totals) {
    json.begin_object().field("rule", seen.rule).key("key").begin_array();
    for (const Symbol part : seen.key) {
      const std::vector<std::string> path = symbols.path_of(part);
      json.text(path.empty() ? "" : path.back());
    }
    json.end_array().field("observed", seen.count).field("taken", seen.taken).field("free_at", seen.free_at).end_object();
  }
  json.end_array();
}

} // namespace

std::string write_decision_record(const DecisionRecord& record, const World& world) {
  JsonWriter json;
  json.begin_object();
  const AnswerView everything;
  DecisionWriter(json, record.decision, record.request, world, Explain::full, everything).write();
  json.field("now", record.decision.now).field("record_version", record.decision.record_version);
  // As text: a 64-bit seed does not survive a JavaScript number.
  json.field("seed", std::to_string(record.request.seed)).key("request");
  write_request(json, record.request);
  write_totals(json, record.decision, *world.symbols);
  write_feature_rows(json, record.decision, world.rulebook->features);
  json.end_object();
  return json.take();
}

} // namespace takt
