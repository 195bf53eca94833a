#include "api/json/policy_caps.h"

#include "api/json/condition_reader.h"
#include "api/json/event_names.h"
#include "api/json/policy_time.h"
#include "api/json/selector.h"

#include <algorithm>
#include <cmath>

namespace takt {

namespace {

/// "Impressions", "views": a word of the contract, not quite; "" where it is none.
std::string misspelt_count(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  if (text.ends_with('s')) text.pop_back();
  for (const auto& [word, meant] : {std::pair{"impression", "impression"}, {"view", "impression"}, {"viewed", "impression"}, {"seen", "impression"}, {"decision", "decision"}, {"contact", "contact"},
                                    {"click", "click"}, {"clicked", "click"}, {"delivered", "delivered"}, {"delivery", "delivered"}, {"identify", "contact"}, {"track", "impression"}, {"page", "impression"}})
    if (text == word) return meant;
  return "";
}

/// A name that is none of ours is an event of the sender's own, about something that was decided here. Those of the e-commerce names have a meaning
/// of their own, and carry no decision: counted they would stay at nothing.
Counts read_counts(Fields& rule, CapRule& cap, SymbolTable& symbols) {
  const std::string text = rule.text("counts", limits::id_bytes_max).value_or("impression");
  if (text == "impression") return Counts::impression;
  if (text == "decision") return Counts::decision;
  if (text == "contact") return Counts::contact;
  if (text == "click") return Counts::click;
  if (text == "delivered") return Counts::delivered;
  if (text.empty()) rule.complain("counts", "must not be empty");
  else if (const std::string meant = misspelt_count(text); !meant.empty()) rule.complain("counts", "did you mean " + meant + "? An event of your own must have another name");
  else if (known_name(text).name != EventName::other)
    rule.complain("counts", "is what somebody did, not what became of something shown: take impression, click or contact, or an audience that asks the journey");
  cap.event = symbols.intern(text);
  return Counts::event;
}

/// Refuses what the kind of window has no use for: who writes a length to a lifetime cap means another rule.
void refuse_field(Fields& fields, std::string_view key, bool is_used, const std::string& why) {
  if (is_used || !fields.has(key)) return;
  fields.take(key);
  fields.complain(key, why);
}

CalendarPeriod read_calendar(Fields& fields) {
  CalendarPeriod period;
  const auto unit = fields.choice<CalendarUnit>("unit", {{"day", CalendarUnit::day}, {"week", CalendarUnit::week}, {"month", CalendarUnit::month}});
  fields.need("unit", unit.has_value());
  period.unit = unit.value_or(CalendarUnit::day);
  period.zone = read_zone(fields, "zone");
  period.zone_missing = read_zone_missing(fields);
  if (period.zone && period.zone_missing) fields.complain("zone_missing", "only the customer's zone can be missing");
  const auto weekday = read_weekday(fields, "week_start");
  if (weekday && unit && period.unit != CalendarUnit::week) fields.complain("week_start", "only weeks begin on a day of the week");
  period.week_start = weekday.value_or(std::chrono::Monday);
  return period;
}

Window read_window(Fields& rule, bool needed) {
  Window window;
  const auto value = rule.take("window");
  if (!value) {
    if (needed) rule.complain("window", "is missing: a limit or a share holds within a window");
    return window;
  }
  Fields fields(*value, rule.pointer("window"), rule.complaints());
  const auto kind = fields.choice<WindowKind>("kind", {{"rolling", WindowKind::rolling}, {"lifetime", WindowKind::lifetime}, {"session", WindowKind::session},
                                                       {"calendar", WindowKind::calendar}, {"anchored_first", WindowKind::anchored_first},
                                                       {"anchored_last", WindowKind::anchored_last}});
  fields.need("kind", kind.has_value());
  window.kind = kind.value_or(WindowKind::lifetime);
  const bool has_length = window.kind == WindowKind::rolling || window.kind == WindowKind::anchored_first || window.kind == WindowKind::anchored_last;
  const bool is_calendar = window.kind == WindowKind::calendar;
  refuse_field(fields, "length", has_length || !kind, "only rolling and anchored windows have a length");
  for (const std::string_view key : {"unit", "zone", "zone_missing", "week_start"}) refuse_field(fields, key, is_calendar || !kind, "only calendar windows have it");
  if (is_calendar) window.calendar = read_calendar(fields);
  if (has_length) {
    // Beyond the horizon the ledger no longer knows single exposures, so the count would be wrong.
    const auto length = fields.duration("length", seconds(1), limits::ledger_horizon);
    fields.need("length", length.has_value());
    window.length = length.value_or(days(1));
  }
  if (!kind) for (const std::string_view key : {"length", "unit", "zone", "zone_missing", "week_start"}) fields.take(key);
  fields.finish();
  return window;
}

/// An exact decimal: 0.4 as a number or "0.4" as text, six places at most.
std::optional<Share> read_share(Fields& rule) {
  if (!rule.has("share")) {
    rule.take("share");
    if (rule.has("min_base")) rule.complain("min_base", "only a share has a base");
    rule.take("min_base");
    return std::nullopt;
  }
  Share share;
  const double written = rule.real("share", 0, 1).value_or(1);
  share.numerator = static_cast<std::uint64_t>(std::llround(written * static_cast<double>(Share::denominator)));
  if (std::abs(written * static_cast<double>(Share::denominator) - static_cast<double>(share.numerator)) > 1e-6 || share.numerator == 0)
    rule.complain("share", "must be more than 0, with at most six decimals");
  share.base_min = static_cast<std::uint32_t>(rule.natural("min_base", 0, 1'000'000).value_or(share.base_min));
  return share;
}

/// What a share is of must end at now and begin at an instant: an anchored window begins with each key's own exposures.
void check_share(Fields& rule, const CapRule& cap) {
  if (!cap.share) return;
  if (cap.limit) rule.complain("share", "instead of a limit, not beside it: make two rules");
  if (cap.window.kind == WindowKind::anchored_first || cap.window.kind == WindowKind::anchored_last)
    rule.complain("share", "only with rolling, lifetime, session and calendar windows");
  if (std::find(cap.per.begin(), cap.per.end(), Per::tag) != cap.per.end()) rule.complain("share", "not per tag: an item has several");
  if (cap.counts == Counts::click || cap.counts == Counts::event) rule.complain("share", "a share is of what is shown or decided, not of clicks and events");
}

Scope read_scope(Fields& rule) {
  const auto scope = rule.choice<Scope>("scope", {{"customer", Scope::customer}, {"everyone", Scope::everyone}, {"group", Scope::group}});
  return scope.value_or(Scope::customer);
}

/// What many customers share has one time for all of them: no window that begins with somebody's own exposure, session or midnight.
void check_scope(Fields& rule, const CapRule& cap) {
  if (cap.scope == Scope::customer) return;
  const std::string window = rule.pointer("window");
  const bool is_calendar = cap.window.kind == WindowKind::calendar;
  if (cap.window.kind != WindowKind::lifetime && !is_calendar)
    rule.complaints().add(pointer_to(window, "kind"), "a cap over more than one customer takes lifetime or calendar: other windows begin at another instant for each of them");
  if (is_calendar && !cap.window.calendar.zone) rule.complaints().add(pointer_to(window, "zone"), "a cap over more than one customer needs a zone of its own, such as Europe/Berlin");
  if (!cap.limit && !cap.min_gap && !cap.share) rule.complain("limit", "is missing: a cap over more than one customer has a limit");
  if (cap.min_gap) rule.complain("min_gap", "a gap is between the exposures of one customer");
  if (cap.share) rule.complain("share", "a share is of what one customer is shown");
}

/// fallback, nothing and defer end the placement: they need a key that all of its candidates share (semantics.md "Matching").
OnExceed read_on_exceed(Fields& rule, const std::vector<Per>& per) {
  const auto action = rule.choice<OnExceed>("on_exceed", {{"next_best", OnExceed::next_best}, {"fallback", OnExceed::fallback},
                                                          {"nothing", OnExceed::nothing}, {"defer", OnExceed::defer}});
  const bool shared = std::all_of(per.begin(), per.end(), [](Per key) { return key == Per::all || key == Per::channel || key == Per::placement; });
  if (action && *action != OnExceed::next_best && !shared) rule.complain("on_exceed", "fallback, nothing and defer need per all, channel or placement");
  return action.value_or(OnExceed::next_best);
}

/// People whom nobody may remember are counted by their session; or, where a cap must not be broken by a new visit, are not offered it.
bool read_blocks_uncounted(Fields& rule, Scope scope) {
  enum class Without { session, block };
  const auto without = rule.choice<Without>("without_identity", {{"session", Without::session}, {"block", Without::block}});
  const bool blocks = without == Without::block;
  if (blocks && scope != Scope::customer) rule.complain("without_identity", "a cap over more than one customer counts what everybody sees");
  return blocks;
}

/// "Of three, one for what is critical" is two limits: three of all, and two of the rest. The second one; none where nothing is kept.
/// Why that is the same: docs/decisions/0007.
std::optional<CapRule> read_keep(Fields& rule, const CapRule& cap, SymbolTable& symbols) {
  std::optional<CapRule> rest;
  const auto kept = rule.list("keep", limits::cap_rules_max);
  if (kept.size() > 1) rule.complaints().add_not_built(rule.pointer("keep"), "more than one kept part of a limit is not built yet: make rules of their own");
  for (const auto& [value, pointer] : kept) {
    Fields fields(value, pointer, rule.complaints());
    const auto match = parse_selector(fields, "match", symbols);
    if (!match || match->selects_everything()) fields.complain("match", "must select what the slots are kept for");
    const auto slots = fields.natural("slots", 1, 1'000'000);
    fields.need("slots", slots.has_value());
    if (!cap.limit) rule.complain("keep", "only a limit has slots to keep");
    else if (slots && *slots > *cap.limit) fields.complain("slots", "is more than the limit");
    if (cap.exempt) rule.complain("keep", "not beside exempt: make two rules");
    if (cap.window.kind == WindowKind::anchored_first || cap.window.kind == WindowKind::anchored_last)
      rule.complain("keep", "not with anchored windows: those of the two halves would begin with different exposures");
    fields.finish();
    rest = cap;
    rest->id = cap.id + "/kept";
    rest->part_of = cap.id;
    rest->limit = cap.limit.value_or(0) - static_cast<std::uint32_t>(std::min<std::uint64_t>(slots.value_or(0), cap.limit.value_or(0)));
    rest->min_gap.reset();
    rest->blocks_uncounted = false; // the rule itself says it
    rest->exempt = match;
    rest->exempt_counts = false;
  }
  return rest;
}

CapRule read_cap(JsonValue value, const std::string& pointer, SymbolTable& symbols, Complaints& complaints, std::vector<CapRule>& kept) {
  Fields rule(value, pointer, complaints);
  CapRule cap;
  cap.id = rule.text("id", limits::id_bytes_max).value_or("");
  cap.title = rule.text("title", limits::item_title_bytes_max).value_or("");
  cap.counts = read_counts(rule, cap, symbols);
  cap.per = parse_per(rule, {Per::all});
  const bool by_category = std::find(cap.per.begin(), cap.per.end(), Per::category) != cap.per.end();
  const auto depth = rule.natural("depth", 1, 10);
  if (depth && !by_category) rule.complain("depth", "only per category has a depth");
  cap.depth = static_cast<std::uint32_t>(depth.value_or(0));
  cap.scope = read_scope(rule);
  const std::uint64_t limit_max = cap.scope == Scope::customer ? 1'000'000 : 1'000'000'000;
  if (const auto limit = rule.natural("limit", 0, limit_max)) cap.limit = static_cast<std::uint32_t>(*limit);
  cap.min_gap = rule.duration("min_gap", seconds(1), limits::ledger_horizon);
  if (!rule.has("limit") && !rule.has("min_gap") && !rule.has("share")) rule.complain("limit", "is missing: a cap has a limit, a share or a min_gap");
  cap.share = read_share(rule);
  cap.window = read_window(rule, rule.has("limit") || rule.has("share"));
  check_share(rule, cap);
  check_scope(rule, cap);
  const auto match = parse_selector(rule, "match", symbols);
  cap.applies_to = parse_selector(rule, "applies_to", symbols).value_or(match.value_or(Selector{}));
  cap.counts_of = parse_selector(rule, "counts_of", symbols).value_or(match.value_or(Selector{}));
  cap.exempt = parse_selector(rule, "exempt", symbols);
  cap.exempt_counts = rule.flag("exempt_counts").value_or(true);
  cap.schedule = read_schedule(rule);
  cap.on_exceed = read_on_exceed(rule, cap.per);
  cap.count_unverified = rule.flag("count_unverified").value_or(false);
  cap.audience = read_audience(rule, "audience");
  cap.blocks_uncounted = read_blocks_uncounted(rule, cap.scope);
  if (auto rest = read_keep(rule, cap, symbols)) kept.push_back(std::move(*rest));
  rule.finish();
  return cap;
}

} // namespace

void check_distinct_id(const std::string& id, std::vector<std::string>& known, const std::string& pointer, Complaints& complaints) {
  if (id.empty()) complaints.add(pointer_to(pointer, "id"), "is missing: explanations name the rule");
  else if (std::find(known.begin(), known.end(), id) != known.end()) complaints.add(pointer_to(pointer, "id"), "another rule has this id");
  known.push_back(id);
}

void read_caps(Fields& fields, SymbolTable& symbols, Policy& policy) {
  std::vector<CapRule> kept;
  std::vector<std::string> ids;
  const auto list_of = [&](const CapRule& cap) -> std::vector<CapRule>& { return cap.scope == Scope::customer ? policy.caps : policy.total_caps; };
  std::uint32_t place = 0;
  for (const auto& [value, pointer] : fields.list("caps", limits::cap_rules_max)) {
    CapRule cap = read_cap(value, pointer, symbols, fields.complaints(), kept);
    check_distinct_id(cap.id, ids, pointer, fields.complaints());
    if (cap.scope != Scope::customer) policy.total_cap_places.push_back(place);
    ++place;
    list_of(cap).push_back(std::move(cap));
  }
  for (CapRule& rest : kept) {   // last, so that the places of the others are in the order of the document
    check_distinct_id(rest.id, ids, fields.pointer("caps"), fields.complaints());
    list_of(rest).push_back(std::move(rest));
  }
  if (policy.caps.size() + policy.total_caps.size() > limits::cap_rules_max) fields.complain("caps", "a rule that keeps slots counts twice: with these there are more than " + std::to_string(limits::cap_rules_max));
}

} // namespace takt
