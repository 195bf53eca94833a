// Why, or why not: the same stages as a decision, as a dry run; or what the log of one decision says.
#include "api/app.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

Json reason_json(const Reason& reason) {
  Json json{{"stage", to_text(reason.stage)}, {"code", to_text(reason.code)}};
  if (!reason.rule.empty()) json["rule"] = reason.rule;
  if (reason.observed) json["observed"] = *reason.observed;
  if (reason.limit) json["limit"] = *reason.limit;
  if (reason.factor) json["factor"] = *reason.factor;
  if (reason.eligible_again) json["eligible_again"] = format_utc(*reason.eligible_again);
  if (reason.provisional) json["provisional"] = true;
  json["text"] = describe(reason, "en");
  return json;
}

Json terms_json(const Choice& choice) {
  const ScoreTerms& terms = choice.terms;
  return {{"p_act", terms.p_act}, {"p_nothing", terms.p_nothing}, {"value", terms.value}, {"context", terms.context}, {"lever", terms.lever},
          {"contact_cost", terms.contact_cost}, {"attention_price", terms.attention_price}, {"fatigue_factor", terms.fatigue_factor}, {"score", choice.score}};
}

bool lost_only_by_rank(const DroppedItem& item) {
  return std::all_of(item.blocked_by.begin(), item.blocked_by.end(), [](const Reason& reason) {
    return reason.code == ReasonCode::outranked || reason.code == ReasonCode::diversity || reason.code == ReasonCode::group_duplicate;
  });
}

Reason reason_of(ReasonCode code) {
  Reason reason;
  reason.stage = Stage::retrieve;
  reason.code = code;
  return reason;
}

struct Verdict {
  std::string text;
  std::string stage;
  std::vector<Reason> reasons;
  std::optional<UtcTime> eligible_again;
  bool provisional = false;
  Json terms = nullptr;
  Json propensity = nullptr;
};

/// What one answered placement says about one item; none where it was not among the candidates.
std::optional<Verdict> verdict_in(const PlacementDecision& placement, const ItemId& item, std::string_view shown_text) {
  for (const Choice& choice : placement.choices)
    if (choice.item == item) {
      Verdict verdict{std::string(shown_text), "compose", choice.reasons, std::nullopt, false, terms_json(choice), choice.propensity};
      return verdict;
    }
  for (const DroppedItem& dropped : placement.dropped)
    if (dropped.item == item) {
      Verdict verdict{lost_only_by_rank(dropped) ? "outranked" : "blocked", "", dropped.blocked_by, dropped.eligible_again, dropped.provisional};
      if (!dropped.blocked_by.empty()) verdict.stage = to_text(dropped.blocked_by.front().stage);
      return verdict;
    }
  return std::nullopt;
}

const PlacementDecision* placement_in(const Decision& decision, std::string_view id) {
  for (const PlacementDecision& placement : decision.placements)
    if (placement.placement.text() == id) return &placement;
  return nullptr;
}

std::string write(const Verdict& verdict, std::string_view item, const std::string& customer_id, const Json& decision_id) {
  Json blocked = Json::array(), reasons = Json::array();
  const bool is_blocked = verdict.text == "blocked" || verdict.text == "outranked" || verdict.text == "not_retrieved";
  for (const Reason& reason : verdict.reasons) (is_blocked ? blocked : reasons).push_back(reason_json(reason));
  Json json{{"verdict", verdict.text}, {"item", item}, {"customer_id", customer_id}, {"decision_id", decision_id},
            {"stage", verdict.stage.empty() ? Json(nullptr) : Json(verdict.stage)}, {"blocked_by", std::move(blocked)},
            {"eligible_again", verdict.eligible_again ? Json(format_utc(*verdict.eligible_again)) : Json(nullptr)},
            {"provisional", verdict.provisional}, {"terms", verdict.terms}, {"propensity", verdict.propensity}, {"reasons", std::move(reasons)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string customer_text(CustomerId customer) { return customer ? to_text(customer) : std::string(); }

DecisionRequest dry_request(const PlacementId& placement, const RequestContext& context) {
  DecisionRequest request;
  request.placements.push_back({placement, std::nullopt, {}, std::nullopt});
  request.context = context;
  request.explain = Explain::full;
  request.dry_run = true;
  request.seed = 1; // the same question gives the same answer
  return request;
}

} // namespace

Result<std::string> App::why_logged(const DecisionId& id, std::string_view placement, const ItemId& item) {
  TAKT_TRY(record, store_->decisions().find(id));
  if (!record) return fail(ErrorCode::not_found, "no such decision, or it is older than the decision log");
  const PlacementDecision* answered = placement_in(record->decision, placement);
  if (answered == nullptr) return fail(ErrorCode::not_found, "that decision did not answer this placement");
  auto verdict = verdict_in(*answered, item, "shown");
  // The log keeps a bounded sample of what was dropped: what it does not name was dropped or never retrieved then.
  if (!verdict) verdict = Verdict{"not_retrieved", "retrieve", {reason_of(ReasonCode::not_retrieved)}, std::nullopt};
  return write(*verdict, item.text(), customer_text(record->decision.customer), to_text(id));
}

Result<std::string> App::why(std::string_view customer, std::string_view placement, std::string_view item, std::string_view decision) {
  TAKT_TRY(placement_id, PlacementId::parse(placement));
  TAKT_TRY(asked_item, ItemId::parse(item));
  const WorldPtr current = world();
  if (current->rulebook->find(placement) == nullptr) return fail(ErrorCode::not_found, "there is no placement \"" + std::string(placement) + "\"");
  const auto row = current->catalogue->find(current->symbols->find(item));
  const ItemId item_id = row ? current->catalogue->at(*row).item.id : asked_item; // an alias means its item
  if (!decision.empty()) {
    TAKT_TRY(id, parse_decision_id(decision));
    return why_logged(id, placement, item_id);
  }
  DecisionRequest request = dry_request(placement_id, {});
  TAKT_TRY_VOID(name_customer(customer, request));
  TAKT_TRY(dry, decide(request));
  if (!row) {
    const Verdict unknown{"unknown_item", "retrieve", {reason_of(ReasonCode::unknown_item)}, std::nullopt};
    return write(unknown, item, customer_text(dry.customer), nullptr);
  }
  const PlacementDecision* answered = placement_in(dry, placement);
  std::optional<Verdict> verdict;
  if (answered != nullptr) verdict = verdict_in(*answered, item_id, "would_show");
  if (!verdict || verdict->terms.is_null()) {
    // Alone, as the caller's candidate: the same stages give its terms, or all that would block it had it been retrieved.
    request.placements.front().candidates = std::vector<CallerCandidate>{{item_id, std::nullopt}};
    TAKT_TRY(alone, decide(request));
    std::optional<Verdict> by_itself;
    if (const PlacementDecision* found = placement_in(alone, placement)) by_itself = verdict_in(*found, item_id, "would_show");
    if (!verdict) {
      verdict = by_itself && by_itself->text == "blocked" ? by_itself : Verdict{"not_retrieved", "retrieve", {reason_of(ReasonCode::not_retrieved)}, std::nullopt};
    }
    if (by_itself) verdict->terms = by_itself->terms;
  }
  return write(*verdict, item_id.text(), customer_text(dry.customer), nullptr);
}

} // namespace takt
