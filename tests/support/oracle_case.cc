#include "tests/support/oracle_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <zlib.h>

namespace takt::tests {
namespace {

using nlohmann::json;

Result<std::string> read_text(const std::string& path) {
  // gzread passes plain files through unchanged.
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return fail(ErrorCode::not_found, path + ": not there");
  std::string text;
  std::vector<char> buffer(1U << 20U);
  int count = 0;
  while ((count = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  gzclose(file);
  if (count < 0) return fail(ErrorCode::corrupt, path + ": cannot be unpacked");
  return text;
}

bool has(const json& object, const char* name) { return object.contains(name) && !object[name].is_null(); }

UtcTime time_of(const json& ms) { return utc_from_ms(ms.get<std::int64_t>()); }

Duration duration_of(const json& text) {
  const std::string value = text.get<std::string>();
  const std::size_t digits = value.find_first_not_of("0123456789");
  const std::int64_t number = std::stoll(value.substr(0, digits));
  static const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  return Duration{number * units.at(value.substr(digits))};
}

Per per_of(const std::string& text) {
  static const std::map<std::string, Per> names{
      {"item", Per::item}, {"group", Per::group}, {"category", Per::category}, {"brand", Per::brand}, {"campaign", Per::campaign},
      {"kind", Per::kind}, {"tag", Per::tag}, {"channel", Per::channel}, {"placement", Per::placement}, {"all", Per::all}};
  return names.at(text);
}

Mark mark_of(const json& object, SymbolTable& symbols) {
  static const std::map<std::string, MarkKind> kinds{
      {"viewed", MarkKind::viewed}, {"clicked", MarkKind::clicked}, {"delivered", MarkKind::delivered},
      {"dismissed", MarkKind::dismissed}, {"released", MarkKind::released}, {"contact", MarkKind::contact}};
  const std::string kind = object["kind"];
  Mark mark;
  mark.at = time_of(object["at"]);
  mark.session = object["session"].get<std::uint32_t>();
  if (kind.rfind("event:", 0) == 0) {
    mark.kind = MarkKind::event;
    mark.event = symbols.intern(kind.substr(6));
  } else {
    mark.kind = kinds.at(kind);
  }
  return mark;
}

Zone zone_of(const json& name) {
  const auto zone = Zone::find(name.get<std::string>());
  if (!zone) throw std::out_of_range("no such zone: " + name.get<std::string>());
  return *zone;
}

CalendarPeriod calendar_of(const json& window) {
  static const std::map<std::string, CalendarUnit> units{{"day", CalendarUnit::day}, {"week", CalendarUnit::week}, {"month", CalendarUnit::month}};
  static const std::map<std::string, std::chrono::weekday> weekdays{
      {"mon", std::chrono::Monday}, {"tue", std::chrono::Tuesday}, {"wed", std::chrono::Wednesday}, {"thu", std::chrono::Thursday},
      {"fri", std::chrono::Friday}, {"sat", std::chrono::Saturday}, {"sun", std::chrono::Sunday}};
  CalendarPeriod period;
  period.unit = units.at(window["unit"]);
  if (window["zone"] != "customer") period.zone = zone_of(window["zone"]);
  if (has(window, "week_start")) period.week_start = weekdays.at(window["week_start"]);
  return period;
}

bool ascends(const Mark& a, const Mark& b) { return std::tie(a.at, a.kind, a.event, a.session) < std::tie(b.at, b.kind, b.event, b.session); }

const char* to_text(BlockKind kind) { return kind == BlockKind::limit ? "limit" : kind == BlockKind::gap ? "gap" : "share"; }

} // namespace

Symbol OracleReader::symbol_of(const json& text) { return text.is_null() ? Symbol::none : symbols_.intern(text.get<std::string>()); }

ContactId OracleReader::contact_of(const std::string& text) {
  const auto number = static_cast<std::uint32_t>(symbols_.intern("contact " + text));
  ContactId contact;
  std::memcpy(contact.origin.data(), &number, sizeof number);
  return contact;
}

OracleThing OracleReader::read_thing(const json& object) {
  const json& labels = object["labels"];
  OracleThing thing;
  thing.contact = contact_of(object["contact"]);
  LabelSet& out = thing.labels;
  out.item = symbol_of(object["item"]);
  out.kind = symbol_of(labels["kind"]);
  out.group = has(labels, "group") ? symbol_of(labels["group"]) : out.item;
  out.brand = symbol_of(labels["brand"]);
  out.campaign = symbol_of(labels["campaign"]);
  out.purpose = symbol_of(labels["purpose"]);
  out.channel = symbol_of(labels["channel"]);
  out.placement = symbol_of(labels["placement"]);
  out.medium = medium_of(labels["channel"].get<std::string>());
  out.category = symbols_.intern_path(labels["category"].get<std::vector<std::string>>());
  for (const json& tag : labels["tags"]) out.tags.push_back(symbol_of(tag));
  std::sort(out.tags.begin(), out.tags.end());
  out.tags.erase(std::unique(out.tags.begin(), out.tags.end()), out.tags.end());
  return thing;
}

Entry OracleReader::read_entry(const json& object, Ledger& ledger) {
  const OracleThing thing = read_thing(object);
  Entry entry;
  entry.id = {thing.contact.origin, thing.contact.placement, ++slot_};
  entry.labels = intern_labels(ledger, thing.labels);
  entry.origin = object["elsewhere"].get<bool>() ? EntryOrigin::elsewhere : EntryOrigin::granted;
  entry.granted_at = time_of(object["granted_at"]);
  entry.show_by = time_of(object["show_by"]);
  entry.expires_at = time_of(object["expires_at"]);
  entry.session = object["session"].get<std::uint32_t>();
  for (const json& mark : object["marks"]) entry.marks.push_back(mark_of(mark, symbols_));
  std::sort(entry.marks.begin(), entry.marks.end(), ascends);
  entry.marks.erase(std::unique(entry.marks.begin(), entry.marks.end()), entry.marks.end());
  return entry;
}

Selector OracleReader::read_selector(const json& object) {
  Selector selector;
  using List = std::optional<std::vector<Symbol>>;
  const std::map<std::string, List*> lists{
      {"kinds", &selector.kinds}, {"tags", &selector.tags}, {"categories", &selector.categories}, {"brands", &selector.brands},
      {"campaigns", &selector.campaigns}, {"items", &selector.items}, {"groups", &selector.groups},
      {"purposes", &selector.purposes}, {"channels", &selector.channels}, {"placements", &selector.placements}};
  for (const auto& [name, wanted] : object.items()) {
    List& list = *lists.at(name);
    list.emplace();
    for (const json& value : wanted)
      list->push_back(value.is_array() ? symbols_.intern_path(value.get<std::vector<std::string>>()).back() : symbol_of(value));
    std::sort(list->begin(), list->end());
  }
  return selector;
}

CapRule OracleReader::read_rule(const json& object) {
  static const std::map<std::string, Counts> counts{
      {"impression", Counts::impression}, {"decision", Counts::decision}, {"contact", Counts::contact},
      {"click", Counts::click}, {"delivered", Counts::delivered}};
  static const std::map<std::string, WindowKind> windows{
      {"rolling", WindowKind::rolling}, {"lifetime", WindowKind::lifetime}, {"session", WindowKind::session},
      {"calendar", WindowKind::calendar}, {"anchored_first", WindowKind::anchored_first}, {"anchored_last", WindowKind::anchored_last}};
  CapRule rule;
  rule.id = object["id"];
  const auto counted = counts.find(object["counts"]);
  rule.counts = counted == counts.end() ? Counts::event : counted->second;
  if (rule.counts == Counts::event) rule.event = symbol_of(object["counts"]);
  rule.per.clear();
  if (object["per"].is_array())
    for (const json& per : object["per"]) rule.per.push_back(per_of(per));
  else rule.per.push_back(per_of(object["per"]));
  if (has(object, "depth")) rule.depth = object["depth"].get<std::uint32_t>();
  const json& window = object["window"];
  rule.window.kind = windows.at(window["kind"]);
  if (has(window, "length")) rule.window.length = duration_of(window["length"]);
  if (rule.window.kind == WindowKind::calendar) rule.window.calendar = calendar_of(window);
  if (has(object, "share")) {
    rule.share.emplace();
    rule.share->numerator = static_cast<std::uint64_t>(std::llround(object["share"].get<double>() * static_cast<double>(Share::denominator)));
    if (has(object, "min_base")) rule.share->base_min = object["min_base"].get<std::uint32_t>();
  }
  if (has(object, "limit")) rule.limit = object["limit"].get<std::uint32_t>();
  if (has(object, "min_gap")) rule.min_gap = duration_of(object["min_gap"]);
  if (has(object, "match")) rule.applies_to = rule.counts_of = read_selector(object["match"]);
  if (has(object, "applies_to")) rule.applies_to = read_selector(object["applies_to"]);
  if (has(object, "counts_of")) rule.counts_of = read_selector(object["counts_of"]);
  if (has(object, "exempt")) rule.exempt = read_selector(object["exempt"]);
  if (has(object, "exempt_counts")) rule.exempt_counts = object["exempt_counts"].get<bool>();
  if (has(object, "schedule")) {
    const json& schedule = object["schedule"];
    if (has(schedule, "from")) rule.schedule.from = time_of(schedule["from"]);
    if (has(schedule, "to")) rule.schedule.to = time_of(schedule["to"]);
  }
  return rule;
}

IntervalObstacle OracleReader::read_interval(const json& object) {
  return {read_selector(object["match"]), time_of(object["from"]),
          has(object, "to") ? std::optional(time_of(object["to"])) : std::nullopt};
}

OracleCase OracleReader::read_case(const json& object) {
  OracleCase out;
  out.id = object["id"];
  out.level = object["level"].get<int>();
  for (const json& rule : object["rules"]) out.rules.push_back(read_rule(rule));
  for (const json& interval : object["quiet_hours"]) out.quiet_hours.push_back(read_interval(interval));
  for (const json& interval : object["pauses"]) out.pauses.push_back(read_interval(interval));
  if (!object["sessions"].empty()) {
    out.time.session.ordinal = object["sessions"].back()["ordinal"].get<std::uint32_t>();
    out.time.session.start = time_of(object["sessions"].back()["start"]);
  }
  if (has(object, "last_activity")) out.time.session.last_activity = time_of(object["last_activity"]);
  for (const json& span : object["zone_history"]) out.time.zones.push_back({time_of(span["from"]), zone_of(span["zone"])});
  slot_ = 0;
  for (const json& entry : object["entries"]) out.ledger.entries.push_back(read_entry(entry, out.ledger));
  for (const json& asked : object["queries"]) {
    OracleQuery query{time_of(asked["at"]), read_thing(asked["candidate"]), {}, asked["expect"]};
    for (const json& slot : asked["earlier_slots"]) query.earlier_slots.push_back(read_thing(slot));
    out.queries.push_back(std::move(query));
  }
  return out;
}

Result<std::vector<OracleCase>> OracleReader::read(const std::string& path) {
  TAKT_TRY(text, read_text(path));
  try {
    std::vector<OracleCase> cases;
    for (const json& object : json::parse(text)) cases.push_back(read_case(object));
    return cases;
  } catch (const std::exception& problem) {   // nlohmann and map::at: the file is not what the README describes
    return fail(ErrorCode::malformed, path + ": " + problem.what());
  }
}

json OracleReader::key_json(const CapBlock& block) const {
  json key = json::array();
  for (std::size_t i = 0; i < block.key.size(); ++i) {
    const Per per = block.rule->per[i];
    if (per == Per::all) key.push_back("all");
    else if (per == Per::category) key.push_back(symbols_.path_of(block.key[i]));
    else key.push_back(std::string(symbols_.name(block.key[i])));
  }
  return key;
}

json OracleReader::evaluate(const OracleCase& asked, const OracleQuery& query) const {
  const CapCandidate candidate = query.candidate.candidate();
  CapView view(asked.ledger, asked.rules, asked.time, query.at);
  for (const OracleThing& slot : query.earlier_slots) view.add_slot(slot.candidate());
  std::vector<json> rules;
  const std::vector<CapBlock> blocks = view.check(candidate);
  for (const CapBlock& block : blocks)
    rules.push_back({{"id", block.rule->id}, {"key", key_json(block)}, {"observed", block.observed},
                     {"limit", block.limit ? json(*block.limit) : json(nullptr)}, {"kind", to_text(block.kind)}});
  std::sort(rules.begin(), rules.end());
  const auto covers = [&](const std::vector<IntervalObstacle>& intervals) {
    return std::any_of(intervals.begin(), intervals.end(), [&](const IntervalObstacle& i) { return i.blocks(candidate, query.at); });
  };
  std::vector<const Obstacle*> obstacles;
  for (const IntervalObstacle& interval : asked.quiet_hours) obstacles.push_back(&interval);
  for (const IntervalObstacle& interval : asked.pauses) obstacles.push_back(&interval);
  std::vector<CapCandidate> slots;
  for (const OracleThing& slot : query.earlier_slots) slots.push_back(slot.candidate());
  const EligibleAgain again = eligible_again(asked.ledger, asked.rules, asked.time, obstacles, candidate, slots, query.at);
  const bool quiet = covers(asked.quiet_hours);
  const bool paused = covers(asked.pauses);
  json answer{{"blocked", !blocks.empty() || quiet || paused}, {"rules", rules}, {"quiet", quiet}, {"paused", paused},
              {"eligible_again", again.at ? json(ms_of(*again.at)) : json(nullptr)}, {"provisional", again.provisional}};
  if (view.blocks(candidate) == blocks.empty()) answer["blocks"] = "disagrees with check";
  return answer;
}

} // namespace takt::tests
