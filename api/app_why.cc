// Why, or why not: for now, and for a logged decision. The engine answers by the functions that decide (engine/why.h); where a decision of the
// past can no longer be made again, the log says what it knows, and the answer says so.
#include "api/app.h"
#include "api/past_worlds.h"
#include "api/window_text.h"
#include "engine/resolve.h"
#include "engine/stage/cap_reasons.h"
#include "engine/why.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace takt {
namespace {

using Json = nlohmann::ordered_json;

/// What the rule says of itself: a marketer knows it by its title.
void write_rule(Json& json, const Reason& reason, const Policy& policy) {
  const CapRule* const rule = find_cap(policy, reason.rule);
  if (rule == nullptr || (reason.code != ReasonCode::capped && reason.code != ReasonCode::gap)) return;
  if (!rule->title.empty()) json["title"] = rule->title;
  if (rule->scope != Scope::customer) json["scope"] = rule->scope == Scope::group ? "group" : "everyone";
  if (reason.code == ReasonCode::gap && rule->min_gap) json["min_gap"] = format_duration(*rule->min_gap);
  else json["window"] = window_text(rule->window);
}

Json reason_json(const Reason& reason, const Policy& policy) {
  Json json{{"stage", to_text(reason.stage)}, {"code", to_text(reason.code)}};
  if (!reason.rule.empty()) json["rule"] = reason.rule;
  write_rule(json, reason, policy);
  if (reason.observed) json["observed"] = *reason.observed;
  if (reason.limit) json["limit"] = *reason.limit;
  if (reason.factor) json["factor"] = *reason.factor;
  if (reason.eligible_again) json["eligible_again"] = format_utc(*reason.eligible_again);
  if (reason.provisional) json["provisional"] = true;
  json["text"] = describe(reason, "en");
  return json;
}

Json terms_json(const ScoreTerms& terms) {
  return {{"p_act", terms.p_act}, {"p_nothing", terms.p_nothing}, {"value", terms.value}, {"context", terms.context}, {"lever", terms.lever},
          {"contact_cost", terms.contact_cost}, {"attention_price", terms.attention_price}, {"fatigue_factor", terms.fatigue_factor}, {"score", terms.score()}};
}

/// What an answer is about, and where it comes from: "now", "replay" (decided again as then), or "log" (what was written down).
struct Subject {
  std::string_view item;
  CustomerId customer;
  Json decision;
  std::string_view explained_from;
};

std::string write(const WhyAnswer& answer, const Subject& subject, const Policy& policy) {
  Json blocked = Json::array(), reasons = Json::array(), winners = Json::array();
  for (const Reason& reason : answer.blocked_by) blocked.push_back(reason_json(reason, policy));
  for (const Reason& reason : answer.reasons) reasons.push_back(reason_json(reason, policy));
  for (const WhyAnswer::Winner& winner : answer.outranked_by) winners.push_back({{"item", winner.item}, {"slot", winner.slot}, {"score", winner.score}});
  Json json{{"verdict", to_text(answer.verdict)}, {"item", subject.item}, {"customer_id", subject.customer ? to_text(subject.customer) : std::string()},
            {"decision_id", subject.decision}, {"explained_from", subject.explained_from}, {"stage", to_text(answer.stage)}, {"blocked_by", std::move(blocked)},
            {"eligible_again", answer.eligible_again ? Json(format_utc(*answer.eligible_again)) : Json(nullptr)}, {"provisional", answer.provisional},
            {"terms", answer.terms ? terms_json(*answer.terms) : Json(nullptr)}, {"propensity", answer.propensity ? Json(*answer.propensity) : Json(nullptr)},
            {"reasons", std::move(reasons)}, {"outranked_by", std::move(winners)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What the log itself says of the item: it keeps the slate, and counts of what was dropped.
WhyAnswer from_log(const Decision& decision, std::string_view placement, const ItemId& item) {
  WhyAnswer answer;
  for (const PlacementDecision& answered : decision.placements) {
    if (answered.placement.text() != placement) continue;
    for (const Choice& choice : answered.choices) {
      if (choice.item != item) {
        answer.outranked_by.push_back({choice.item.text(), choice.slot, choice.score});
        continue;
      }
      answer = {};
      answer.verdict = Verdict::shown;
      answer.stage = Stage::compose;
      answer.terms = choice.terms;
      answer.propensity = choice.propensity;
      answer.reasons = choice.reasons;
      return answer;
    }
  }
  return answer;   // dropped or never found: the log does not say which
}

} // namespace

Result<std::string> App::why_logged(std::string_view customer, const DecisionId& id, std::string_view placement, const ItemId& item) {
  TAKT_TRY(record, store_->decisions().find(id));
  if (!record) return fail(ErrorCode::not_found, "no such decision, or it is older than the decision log");
  TAKT_TRY(asked, find_customer(customer));
  TAKT_TRY(owner, read_canonical(*store_, record->decision.customer)); // whoever was merged since has both names
  TAKT_TRY(person, read_canonical(*store_, asked));
  if (owner->id != person->id) return fail(ErrorCode::not_found, "that decision was made for somebody else");
  const auto& answered = record->decision.placements;
  if (std::none_of(answered.begin(), answered.end(), [&](const PlacementDecision& one) { return one.placement.text() == placement; }))
    return fail(ErrorCode::not_found, "that decision did not answer this placement");
  const Subject subject{item.text(), record->decision.customer, to_text(id), "replay"};
  PastWorlds worlds(*this, world());
  if (const auto then = worlds.find(record->decision.versions)) {
    const auto answer = why_then(*store_, **then, *record, placement, item, clock_);
    if (answer) return write(*answer, subject, (*then)->policy());
    if (answer.error().code != ErrorCode::not_found) return tl::unexpected(answer.error());
  } else if (then.error().code != ErrorCode::not_found) {
    return tl::unexpected(then.error());
  }
  return write(from_log(record->decision, placement, item), {subject.item, subject.customer, subject.decision, "log"}, world()->policy());
}

Result<std::string> App::why(std::string_view customer, std::string_view placement, std::string_view item, std::string_view decision) {
  TAKT_TRY(placement_id, PlacementId::parse(placement));
  TAKT_TRY(asked_item, ItemId::parse(item));
  const WorldPtr current = world();
  const auto row = current->catalogue->find(current->symbols->find(item));
  const ItemId item_id = row ? current->catalogue->at(*row).item.id : asked_item; // an alias means its item
  if (!decision.empty()) {
    TAKT_TRY(id, parse_decision_id(decision));
    return why_logged(customer, id, placement, item_id);
  }
  if (current->rulebook->find(placement) == nullptr) return fail(ErrorCode::not_found, "there is no placement \"" + std::string(placement) + "\"");
  DecisionRequest request;
  request.placements.push_back({placement_id, std::nullopt, {}, std::nullopt});
  request.seed = 1; // the same question gives the same answer
  request.now = clock_.utc_now();
  TAKT_TRY_VOID(name_customer(customer, request));
  TAKT_TRY(person, read_person(*store_, *current, request));
  TAKT_TRY(answer, takt::why(*current, person, request, item_id, clock_));
  return write(answer, {item_id.text(), person.record->id, nullptr, "now"}, current->policy());
}

} // namespace takt
