#include "api/json/policy_caps.h"

#include "api/json/selector.h"

#include <algorithm>

namespace takt {

namespace {

/// `counts`: the four that this release counts; the rest of the contract is 501.
Counts read_counts(Fields& rule) {
  const std::string text = rule.text("counts", limits::id_bytes_max).value_or("impression");
  if (text == "impression") return Counts::impression;
  if (text == "decision") return Counts::decision;
  if (text == "contact") return Counts::contact;
  if (text == "click") return Counts::click;
  if (text.empty()) rule.complain("counts", "must not be empty");
  else rule.complaints().add_not_built(rule.pointer("counts"), "counting " + (text == "delivered" ? text : "the event " + text) + " is not built yet");
  return Counts::impression;
}

Window read_window(Fields& rule, bool needed) {
  Window window;
  const auto value = rule.take("window");
  if (!value) {
    if (needed) rule.complain("window", "is missing: a limit holds within a window");
    return window;
  }
  Fields fields(*value, rule.pointer("window"), rule.complaints());
  const auto kind = fields.choice<WindowKind>("kind", {{"rolling", WindowKind::rolling}, {"lifetime", WindowKind::lifetime}, {"session", WindowKind::session},
                                                       {"calendar", WindowKind::calendar}, {"anchored_first", WindowKind::anchored_first},
                                                       {"anchored_last", WindowKind::anchored_last}});
  fields.need("kind", kind.has_value());
  window.kind = kind.value_or(WindowKind::lifetime);
  const bool built = window.kind == WindowKind::rolling || window.kind == WindowKind::lifetime || window.kind == WindowKind::session;
  if (!built) {
    rule.complaints().add_not_built(fields.pointer("kind"), "calendar and anchored windows are not built yet");
    for (const std::string_view key : {"length", "unit", "zone", "week_start"}) fields.take(key);
  } else if (window.kind == WindowKind::rolling) {
    // Beyond the horizon the ledger no longer knows single exposures, so the count would be wrong.
    const auto length = fields.duration("length", seconds(1), limits::ledger_horizon);
    fields.need("length", length.has_value());
    window.length = length.value_or(days(1));
  } else if (kind && fields.has("length")) {
    fields.take("length");
    fields.complain("length", "only a rolling window has a length");
  } else {
    fields.take("length");
  }
  fields.finish();
  return window;
}

void read_scope(Fields& rule) {
  enum class Scope { customer, everyone, group };
  const auto scope = rule.choice<Scope>("scope", {{"customer", Scope::customer}, {"everyone", Scope::everyone}, {"group", Scope::group}});
  if (scope && *scope != Scope::customer) rule.complaints().add_not_built(rule.pointer("scope"), "a cap over more than one customer is not built yet");
}

/// fallback, nothing and defer end the placement: they need a key that all of its candidates share (semantics.md "Matching").
OnExceed read_on_exceed(Fields& rule, const std::vector<Per>& per) {
  const auto action = rule.choice<OnExceed>("on_exceed", {{"next_best", OnExceed::next_best}, {"fallback", OnExceed::fallback},
                                                          {"nothing", OnExceed::nothing}, {"defer", OnExceed::defer}});
  const bool shared = std::all_of(per.begin(), per.end(), [](Per key) { return key == Per::all || key == Per::channel || key == Per::placement; });
  if (action && *action != OnExceed::next_best && !shared) rule.complain("on_exceed", "fallback, nothing and defer need per all, channel or placement");
  return action.value_or(OnExceed::next_best);
}

CapRule read_cap(JsonValue value, const std::string& pointer, SymbolTable& symbols, Complaints& complaints) {
  Fields rule(value, pointer, complaints);
  CapRule cap;
  cap.id = rule.text("id", limits::id_bytes_max).value_or("");
  cap.title = rule.text("title", limits::item_title_bytes_max).value_or("");
  cap.counts = read_counts(rule);
  cap.per = parse_per(rule, {Per::all});
  const bool by_category = std::find(cap.per.begin(), cap.per.end(), Per::category) != cap.per.end();
  const auto depth = rule.natural("depth", 1, 10);
  if (depth && !by_category) rule.complain("depth", "only per category has a depth");
  cap.depth = static_cast<std::uint32_t>(depth.value_or(0));
  if (const auto limit = rule.natural("limit", 0, 1'000'000)) cap.limit = static_cast<std::uint32_t>(*limit);
  cap.min_gap = rule.duration("min_gap", seconds(1), limits::ledger_horizon);
  if (!rule.has("limit") && !rule.has("min_gap") && !rule.has("share")) rule.complain("limit", "is missing: a cap has a limit, a min_gap or both");
  cap.window = read_window(rule, rule.has("limit"));
  const auto match = parse_selector(rule, "match", symbols);
  cap.applies_to = parse_selector(rule, "applies_to", symbols).value_or(match.value_or(Selector{}));
  cap.counts_of = parse_selector(rule, "counts_of", symbols).value_or(match.value_or(Selector{}));
  cap.exempt = parse_selector(rule, "exempt", symbols);
  cap.exempt_counts = rule.flag("exempt_counts").value_or(true);
  cap.schedule = read_schedule(rule);
  cap.on_exceed = read_on_exceed(rule, cap.per);
  cap.count_unverified = rule.flag("count_unverified").value_or(false);
  read_scope(rule);
  rule.not_built("share", "a share of the slots");
  rule.not_built("min_base", "a share of the slots");
  rule.not_built("keep", "slots kept free");
  rule.not_built("audience", "an audience of a rule");
  rule.not_built("without_identity", "a choice for people without identity");
  rule.finish();
  return cap;
}

} // namespace

Schedule read_schedule(Fields& rule) {
  Schedule schedule;
  const auto value = rule.take("schedule");
  if (!value) return schedule;
  Fields fields(*value, rule.pointer("schedule"), rule.complaints());
  schedule.from = fields.time("from");
  schedule.to = fields.time("to");
  if (schedule.from && schedule.to && *schedule.to <= *schedule.from) fields.complain("to", "must be after from");
  fields.finish();
  return schedule;
}

void check_distinct_id(const std::string& id, std::vector<std::string>& known, const std::string& pointer, Complaints& complaints) {
  if (id.empty()) complaints.add(pointer_to(pointer, "id"), "is missing: explanations name the rule");
  else if (std::find(known.begin(), known.end(), id) != known.end()) complaints.add(pointer_to(pointer, "id"), "another rule has this id");
  known.push_back(id);
}

std::vector<CapRule> read_caps(Fields& policy, SymbolTable& symbols) {
  std::vector<CapRule> caps;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("caps", limits::cap_rules_max)) {
    caps.push_back(read_cap(value, pointer, symbols, policy.complaints()));
    check_distinct_id(caps.back().id, ids, pointer, policy.complaints());
  }
  return caps;
}

} // namespace takt
