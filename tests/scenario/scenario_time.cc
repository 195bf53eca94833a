// What rules say about time: windows, quiet hours, pauses of selling.
#include "tests/scenario/scenario_steps.h"

#include <map>

namespace takt::scenario {
namespace {

Zone zone_of(const std::string& name) {
  const auto zone = Zone::find(name);
  if (!zone) throw Mistake("no such zone: " + name);
  return *zone;
}

std::size_t weekday_of(const std::string& name) {
  static const std::map<std::string, std::size_t> names{{"mon", 0}, {"tue", 1}, {"wed", 2}, {"thu", 3}, {"fri", 4}, {"sat", 5}, {"sun", 6}};
  const auto found = names.find(name);
  if (found == names.end()) throw Mistake("not a day of the week: " + name);
  return found->second;
}

Duration time_of_day(const std::string& text) { return hours(std::stoi(text.substr(0, 2))) + minutes(std::stoi(text.substr(3, 2))); }

Window calendar_of(const Words& words) {
  static const std::map<std::string, CalendarUnit> units{{"day", CalendarUnit::day}, {"week", CalendarUnit::week}, {"month", CalendarUnit::month}};
  const auto unit = units.find(words.at(1));
  if (unit == units.end()) throw Mistake("a cap counts in a session, a day, a week or a month");
  Window window;
  window.kind = WindowKind::calendar;
  window.calendar.unit = unit->second;
  for (std::size_t at = 2; at + 1 < words.size(); at += 2) {
    if (words[at] == "of") window.calendar.zone = zone_of(words[at + 1]);
    else if (words[at] == "else") window.calendar.zone_missing = zone_of(words[at + 1]);
    else if (words[at] == "from") window.calendar.week_start = std::chrono::Monday + std::chrono::days(weekday_of(words[at + 1]));
    else throw Mistake("a calendar window has no " + words[at]);
  }
  return window;
}

} // namespace

Window window_of(const Words& words) {
  if (words.at(0) == "a") return words.at(1) == "session" ? Window{WindowKind::session, {}} : calendar_of(words);
  Window window{WindowKind::rolling, duration_of(words.at(0))};
  if (words.size() >= 4 && words[1] == "from") window.kind = WindowKind::anchored_first;   // "from the first"
  if (words.size() >= 4 && words[1] == "after") window.kind = WindowKind::anchored_last;   // "after the last"
  return window;
}

void given_quiet_hours(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses) {
  QuietPolicy quiet;
  quiet.id = name;
  const Words head = words_of(clauses.at(0));   // "21:00 to 08:00"
  quiet.interval.from = time_of_day(head.at(0));
  quiet.interval.to = time_of_day(head.at(2));
  for (std::size_t i = 1; i < clauses.size(); ++i) {
    const Words words = words_of(clauses[i]);
    if (words.at(0) == "of") quiet.zone = zone_of(words.at(1));
    else if (words.at(0) == "else") quiet.zone_missing = zone_of(words.at(1));
    else if (words.at(0) == "on") {
      quiet.interval.days = 0;
      for (std::size_t at = 1; at < words.size(); ++at) quiet.interval.days = static_cast<std::uint8_t>(quiet.interval.days | (1U << weekday_of(words[at])));
    } else {
      add_to_selector(world, quiet.match, words.at(0), Words(words.begin() + 1, words.end()));
    }
  }
  std::erase_if(world.policy.quiet_hours, [&](const QuietPolicy& known) { return known.id == quiet.id; });
  world.policy.quiet_hours.push_back(std::move(quiet));
  world.rebuild();
}

void given_sales_pause(ScenarioWorld& world, const std::string& name, const std::vector<std::string>& clauses) {
  SalesPause pause;
  pause.id = name;
  for (const std::string& clause : clauses) {
    const Words words = words_of(clause);
    if (words.at(0) == "until") pause.until = time_of_text(world, clause.substr(6));
    else if (words.at(0) != "everything") add_to_selector(world, pause.match, words.at(0), Words(words.begin() + 1, words.end()));
  }
  std::erase_if(world.policy.pauses, [&](const SalesPause& known) { return known.id == pause.id; });
  world.policy.pauses.push_back(std::move(pause));
  world.rebuild();
}

} // namespace takt::scenario
