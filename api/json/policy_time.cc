#include "api/json/policy_time.h"

#include "api/json/condition_reader.h"
#include "api/json/policy_caps.h"
#include "api/json/selector.h"

#include <algorithm>
#include <array>

namespace takt {

namespace {

constexpr std::array<std::string_view, 7> weekday_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};   // as ISO 8601 counts them

/// Its place in the week, Monday first.
std::optional<std::size_t> weekday_of(std::string_view text) {
  const auto found = std::find(weekday_names.begin(), weekday_names.end(), text);
  return found == weekday_names.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - weekday_names.begin()));
}

/// "21:00" or "21:30:00"; "24:00" is no time of day.
std::optional<Duration> read_time_of_day(Fields& fields, std::string_view key) {
  const auto text = fields.text(key);
  fields.need(key, text.has_value());
  if (!text) return std::nullopt;
  const auto digits = [&](std::size_t at) {
    const bool are = at + 1 < text->size() && text->at(at) >= '0' && text->at(at) <= '9' && text->at(at + 1) >= '0' && text->at(at + 1) <= '9';
    return are ? std::optional((text->at(at) - '0') * 10 + text->at(at + 1) - '0') : std::nullopt;
  };
  const auto hour = digits(0), minute = digits(3);
  const auto second = text->size() == 8 ? digits(6) : std::optional(0);
  const bool has_colons = text->size() > 4 && text->at(2) == ':' && (text->size() == 5 || (text->size() == 8 && text->at(5) == ':'));
  if (has_colons && hour && minute && second && *hour < 24 && *minute < 60 && *second < 60) return hours(*hour) + minutes(*minute) + seconds(*second);
  fields.complain(key, "must be a time of day such as 21:00");
  return std::nullopt;
}

std::uint8_t read_days(Fields& fields) {
  constexpr std::uint8_t all = 0x7f;
  std::uint8_t days = 0;
  const bool is_there = fields.has("days");
  for (const auto& [value, pointer] : fields.list("days", weekday_names.size())) {
    const auto day = value.is(JsonKind::string) ? weekday_of(value.text()) : std::nullopt;
    if (day) days = static_cast<std::uint8_t>(days | (1U << *day));
    else fields.complaints().add(pointer, "must be one of mon, tue, wed, thu, fri, sat, sun");
  }
  if (is_there && days == 0) fields.complain("days", "names no day: leave it out for every day");
  return is_there ? days : all;
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

std::optional<Zone> read_zone(Fields& fields, std::string_view key) {
  const auto name = fields.text(key, limits::id_bytes_max);
  if (!name || *name == "customer") return std::nullopt;
  const auto zone = Zone::find(*name);
  if (!zone) fields.complain(key, "is no zone that this machine knows: customer, or a name such as Europe/Berlin");
  return zone;
}

std::optional<Zone> read_zone_missing(Fields& fields) {
  const auto name = fields.text("zone_missing", limits::id_bytes_max);
  if (!name) return std::nullopt;
  const auto zone = Zone::find(*name == "default" ? "UTC" : *name);
  if (!zone) fields.complain("zone_missing", "is no zone that this machine knows: default (UTC), or a name such as Europe/Berlin");
  return zone;
}

std::optional<std::chrono::weekday> read_weekday(Fields& fields, std::string_view key) {
  const auto text = fields.text(key);
  if (!text) return std::nullopt;
  if (const auto day = weekday_of(*text)) return std::chrono::Monday + std::chrono::days(*day);
  fields.complain(key, "must be one of mon, tue, wed, thu, fri, sat, sun");
  return std::nullopt;
}

std::vector<QuietPolicy> read_quiet_hours(Fields& policy, SymbolTable& symbols) {
  std::vector<QuietPolicy> all;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("quiet_hours", limits::timed_rules_max)) {
    Fields fields(value, pointer, policy.complaints());
    QuietPolicy quiet;
    quiet.id = fields.text("id", limits::id_bytes_max).value_or("quiet-" + std::to_string(all.size() + 1));
    check_distinct_id(quiet.id, ids, pointer, policy.complaints());
    quiet.match = parse_selector(fields, "match", symbols).value_or(Selector{});
    const auto from = read_time_of_day(fields, "from"), to = read_time_of_day(fields, "to");
    if (from && to && *from == *to) fields.complain("to", "must differ from from: a whole day is a pause");
    quiet.interval = {from.value_or(Duration{}), to.value_or(Duration{}), read_days(fields)};
    quiet.zone = read_zone(fields, "zone");
    quiet.zone_missing = read_zone_missing(fields);
    if (quiet.zone && quiet.zone_missing) fields.complain("zone_missing", "only the customer's zone can be missing");
    quiet.exempt = parse_selector(fields, "exempt", symbols);
    quiet.schedule = read_schedule(fields);
    quiet.audience = read_audience(fields, "audience");
    fields.finish();
    all.push_back(std::move(quiet));
  }
  return all;
}

std::vector<SalesPause> read_sales_pauses(Fields& policy, SymbolTable& symbols) {
  std::vector<SalesPause> all;
  std::vector<std::string> ids;
  for (const auto& [value, pointer] : policy.list("pauses", limits::timed_rules_max)) {
    Fields fields(value, pointer, policy.complaints());
    SalesPause pause;
    pause.id = fields.text("id", limits::id_bytes_max).value_or("pause-" + std::to_string(all.size() + 1));
    check_distinct_id(pause.id, ids, pointer, policy.complaints());
    pause.match = parse_selector(fields, "match", symbols).value_or(Selector{});
    pause.exempt = parse_selector(fields, "exempt", symbols);
    pause.schedule = read_schedule(fields);
    pause.until = fields.time("until");
    pause.audience = read_audience(fields, "audience");
    pause.note = fields.text("note", limits::item_title_bytes_max).value_or("");
    fields.finish();
    all.push_back(std::move(pause));
  }
  return all;
}

} // namespace takt
