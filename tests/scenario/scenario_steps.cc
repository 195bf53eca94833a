// The language of the scenarios: one sentence per line, '#' begins a comment. Times are UTC: "2024-03-05 10:00", "10:12" (same
// day), "10:12:30", or "9m later".
//   given item pumps: category Shoes > Pumps, brand Acme, campaign spring, group pumps-77, tags sale red, kind service, price 79.90, stock 3, until TIME
//   given placement home.hero: channel web, slots 1, reserved 10m, hold, organic, fallback pumps
//   given cap NAME: at most 2 impressions per item in 7d, gap 4h, channels web app, tags sale, exempt kinds service, otherwise nothing, over everyone | over the group
//         (impressions|decisions|contacts|clicks|deliveries, or "40 percent of impressions"; per item|group|category|…, joined by "and";
//         in 7d | in 7d from the first | in 7d after the last | in a session | in a day|week|month [of ZONE] [else ZONE] [from sun] | ever; or only "gap 4h per item")
//   given quiet hours NAME: 21:00 to 08:00, channels push, on fri sat, of ZONE, else ZONE   ·   given a stop NAME: kinds product, until TIME
//   given pause after purchase: 30d per group   ·   given gate on case_open for channels web, cool off 2d   ·   given no caps
//   at TIME   ·   when 9m pass
//   when anna asks at home.hero [and mail.weekly] [for 2] [as request r1] [excluding pumps] [replacing her last]
//   when anna views|clicks|dismisses|opens|adds pumps [of decision 1] [without decision] [at TIME] [as message m1] [on app]
//   when the mail to anna is delivered|bounces [of decision 1] [at TIME]   ·   when anna gets a mail about pumps bags [at TIME]
//   when anna buys pumps bags as order o1   ·   when anna returns pumps of order o1
//   when anna opens|closes case c1   ·   when anna allows|forbids marketing on email
//   when anna joins acme (her household, her company)   ·   when the server starts again
//   when device-x becomes anna   ·   when anna was ben   ·   when anna is parted from ben   ·   when anna is in Europe/Moscow
//   then anna gets pumps, bags | nothing | nothing before TIME (ask again then)      then it is refused: TEXT      then it is a duplicate
//   then pumps is free for anna at home.hero
//   then pumps is blocked for anna at home.hero by CODE [RULE] [2 of 2] [until TIME | for good] [provisionally]
//   then anna has 2 exposures [of pumps]   ·   then anna has 1 contact | session …
#include "tests/scenario/scenario_steps.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace takt::scenario {

Duration duration_of(const std::string& text) {
  auto parsed = parse_duration(text);
  if (!parsed) throw Mistake("not a duration: " + text);
  return *parsed;
}

namespace {

Per per_of(const std::string& text) {
  static const std::map<std::string, Per> names{{"item", Per::item}, {"group", Per::group}, {"category", Per::category}, {"brand", Per::brand}, {"campaign", Per::campaign},
                                                {"kind", Per::kind}, {"tag", Per::tag}, {"channel", Per::channel}, {"placement", Per::placement}, {"all", Per::all}, {"person", Per::all}};
  const auto found = names.find(text);
  if (found == names.end()) throw Mistake("not something a cap can be per: " + text);
  return found->second;
}

Counts counts_named(const std::string& text) {
  if (text.starts_with("impression")) return Counts::impression;
  if (text.starts_with("decision")) return Counts::decision;
  if (text.starts_with("contact")) return Counts::contact;
  if (text.starts_with("click")) return Counts::click;
  if (text.starts_with("deliver")) return Counts::delivered;
  throw Mistake("not something a cap can count: " + text);
}

void sort_unique(std::vector<Symbol>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

} // namespace

void add_to_selector(ScenarioWorld& world, Selector& selector, const std::string& key, Words words) {
  std::vector<Symbol> values;
  for (const std::string& word : words) values.push_back(world.symbol(word));
  sort_unique(values);
  if (key == "channels") selector.channels = values;
  else if (key == "tags") selector.tags = values;
  else if (key == "kinds") selector.kinds = values;
  else if (key == "items") selector.items = values;
  else if (key == "brands") selector.brands = values;
  else if (key == "campaigns") selector.campaigns = values;
  else if (key == "placements") selector.placements = values;
  else if (key == "purposes") selector.purposes = values;
  else if (key == "categories") selector.categories = values;
  else throw Mistake("not something a rule can match: " + key);
}

Words words_of(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    const auto first = part.find_first_not_of(' '), last = part.find_last_not_of(' ');
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return parts;
}

UtcTime time_of_text(const ScenarioWorld& world, const std::string& text) {
  std::string full = text;
  if (text.find('-') == std::string::npos) full = format_utc(world.clock.now).substr(0, 10) + " " + text;
  full[10] = 'T';
  if (full.size() == 16) full += ":00";
  auto parsed = parse_utc(full + "Z");
  if (!parsed) throw Mistake("not a time: " + text);
  return *parsed;
}

void given_item(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& attributes) {
  Item item;
  item.id = *ItemId::parse(name);
  item.title = name;
  for (const std::string& attribute : attributes) {
    const Words words = words_of(attribute);
    const std::string key = words.at(0), rest = attribute.size() > key.size() ? attribute.substr(key.size() + 1) : "";
    if (key == "category") item.category = parts_of(rest, '>');
    else if (key == "brand") item.brand = rest;
    else if (key == "campaign") item.campaign = rest;
    else if (key == "group") item.group = rest;
    else if (key == "tags") item.tags = Words(words.begin() + 1, words.end());
    else if (key == "kind") item.kind = rest;
    else if (key == "purpose") item.purpose = rest;
    else if (key == "price") item.price = Money{*parse_micros(rest), ""};
    else if (key == "value") item.value_micros = *parse_micros(rest);
    else if (key == "stock") item.stock = std::stoll(rest);
    else if (key == "inactive") item.active = false;
    else if (key == "from") item.starts_at = time_of_text(world, rest);
    else if (key == "until") item.ends_at = time_of_text(world, rest);
    else throw Mistake("an item has no " + key);
  }
  if (item.kind == "service") item.purpose = "service";
  std::erase_if(world.items, [&](const Item& known) { return known.id == item.id; });
  world.items.push_back(std::move(item));
  world.rebuild();
}

void given_placement(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& attributes) {
  Placement placement;
  placement.id = *PlacementId::parse(name);
  for (const std::string& attribute : attributes) {
    const Words words = words_of(attribute);
    const std::string& key = words.at(0);
    if (key == "channel") placement.channel = words.at(1);
    else if (key == "slots" || key == "slot") placement.slots = static_cast<std::uint32_t>(std::stoul(words.at(1)));
    else if (key == "reserved") placement.reservation_ttl = duration_of(words.at(1));
    else if (key == "hold") placement.hold = true;
    else if (key == "organic") placement.mode = PlacementMode::organic;
    else if (key == "variants") placement.variants = true;
    else if (key == "fallback") for (std::size_t i = 1; i < words.size(); ++i) placement.fallback.push_back(*ItemId::parse(words[i]));
    else throw Mistake("a placement has no " + key);
  }
  std::erase_if(world.placements, [&](const Placement& known) { return known.id == placement.id; });
  world.placements.push_back(std::move(placement));
  world.rebuild();
}

namespace {

/// "at most 2 impressions per item and placement in 7d", "at most 40 percent of impressions per brand in 7d" or "gap 4h per item"
void read_main_clause(CapRule& rule, const Words& words) {
  std::size_t at = 0;
  if (words.at(0) == "at" && words.at(3) == "percent") {
    rule.share = Share{std::stoull(words.at(2)) * (Share::denominator / 100), 10};
    rule.counts = counts_named(words.at(5));
    at = 6;
  } else if (words.at(0) == "at") {
    rule.limit = static_cast<std::uint32_t>(std::stoul(words.at(2)));
    rule.counts = counts_named(words.at(3));
    at = 4;
  } else if (words.at(0) == "gap") {
    rule.min_gap = duration_of(words.at(1));
    at = 2;
  } else {
    throw Mistake("a cap begins with 'at most' or 'gap'");
  }
  if (at < words.size() && words[at] == "per") {
    rule.per = {per_of(words.at(at + 1))};
    for (at += 2; at + 1 < words.size() && words[at] == "and"; at += 2) rule.per.push_back(per_of(words[at + 1]));
  }
  if (at >= words.size() || words[at] == "ever") return;
  if (words[at] != "in") throw Mistake("expected 'in DURATION', 'in a session' or 'ever'");
  rule.window = window_of(Words(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end()));
}

} // namespace

void given_cap(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses) {
  CapRule rule;
  rule.id = name;
  read_main_clause(rule, words_of(clauses.at(0)));
  for (std::size_t i = 1; i < clauses.size(); ++i) {
    Words words = words_of(clauses[i]);
    const std::string key = words.at(0);
    words.erase(words.begin());
    if (key == "gap") {
      rule.min_gap = duration_of(words.at(0));
    } else if (key == "depth") {
      rule.depth = static_cast<std::uint32_t>(std::stoul(words.at(0)));
    } else if (key == "otherwise") {
      rule.on_exceed = words.at(0) == "nothing" ? OnExceed::nothing : words.at(0) == "defer" ? OnExceed::defer : words.at(0) == "fallback" ? OnExceed::fallback : OnExceed::next_best;
    } else if (key == "exempt") {
      const std::string what = words.at(0);
      words.erase(words.begin());
      Selector selector;
      add_to_selector(world, selector, what, words);
      rule.exempt = selector;
    } else if (key == "uncounted") {
      rule.exempt_counts = false;
    } else if (key == "over") {
      rule.scope = words.at(0) == "everyone" ? Scope::everyone : Scope::group;
    } else {
      add_to_selector(world, rule.applies_to, key, words);
      add_to_selector(world, rule.counts_of, key, words);
    }
  }
  for (std::vector<CapRule>* const caps : {&world.policy.caps, &world.policy.total_caps}) std::erase_if(*caps, [&](const CapRule& known) { return known.id == rule.id; });
  (rule.scope == Scope::customer ? world.policy.caps : world.policy.total_caps).push_back(std::move(rule));
  world.rebuild();
}

/// "on case_open for channels web, cool off 2d, allow kinds service"
void given_gate(ScenarioWorld& world, const std::vector<std::string>& clauses) {
  GatePolicy gate;
  Words head = words_of(clauses.at(0));
  gate.id = head.at(1);
  gate.fact = world.symbol(head.at(1));
  if (head.size() > 4) add_to_selector(world, gate.match, head.at(3), Words(head.begin() + 4, head.end()));
  gate.allow.kinds = std::vector<Symbol>{world.symbol("service")};
  for (std::size_t i = 1; i < clauses.size(); ++i) {
    const Words words = words_of(clauses[i]);
    if (words.at(0) == "cool") gate.cool_off = duration_of(words.at(2));
    else if (words.at(0) == "for") gate.ttl = duration_of(words.at(1));
    else throw Mistake("a gate has no " + words.at(0));
  }
  world.policy.gates.push_back(std::move(gate));
  world.rebuild();
}

void given_pause(ScenarioWorld& world, const Words& words) { // "30d per group"
  world.policy.post_purchase.push_back({.id = "", .per = per_of(words.at(2)), .pause = duration_of(words.at(0)), .match = {}});
  world.rebuild();
}

} // namespace takt::scenario
