#include "core/time.h"

#include <array>
#include <cstdio>

namespace takt {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
// Largest first: format_duration takes the first that divides.
constexpr std::array<Unit, 5> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
// A hundred years: time + duration stays far from overflow everywhere.
constexpr std::int64_t duration_max_ms = std::int64_t{36'525} * 86'400'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads exactly `count` digits at `at`; -1 where there are none.
int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

struct Clockface {
  int hour = 0, minute = 0, second = 0;
};

/// "Z", "z", "+01:00", "-00:30"; the offset in minutes, or nothing.
bool parse_zone(std::string_view text, int& offset_minutes) {
  if (text == "Z" || text == "z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  const int hour = digits_at(text, 1, 2);
  const int minute = digits_at(text, 4, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  offset_minutes = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
  return true;
}

} // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto refused = [] { return fail(ErrorCode::invalid, "a duration is one whole number and one unit: 500ms 30s 10m 4h 7d, at most 100 years"); };
  std::size_t at = 0;
  std::int64_t number = 0;
  while (at < text.size() && is_digit(text[at])) {
    number = number * 10 + (text[at++] - '0');
    if (number > duration_max_ms) return refused();
  }
  if (at == 0) return refused();
  for (const Unit& unit : units) {
    if (text.substr(at) != unit.name) continue;
    if (number > duration_max_ms / unit.ms) return refused();
    return Duration{number * unit.ms};
  }
  return refused();
}

std::string format_duration(Duration duration) {
  const std::int64_t ms = duration.count();
  for (const Unit& unit : units)
    if (ms % unit.ms == 0) return std::to_string(ms / unit.ms).append(unit.name);
  return std::to_string(ms) + "ms"; // not reached: the last unit divides everything
}

Result<UtcTime> parse_utc(std::string_view text) { // RFC 3339 §5.6
  const auto refused = [] { return fail(ErrorCode::invalid, "a time is RFC 3339 with a zone, like 2026-03-05T09:12:00Z or 2026-03-05T10:12:00+01:00"); };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return refused();
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return refused();
  const int year = digits_at(text, 0, 4);
  const int month = digits_at(text, 5, 2);
  const int day = digits_at(text, 8, 2);
  const Clockface clock{digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)};
  if (year < 0 || month < 1 || day < 1) return refused();
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || clock.hour < 0 || clock.hour > 23 || clock.minute < 0 || clock.minute > 59 || clock.second < 0 || clock.second > 60)
    return refused();
  std::size_t at = 19;
  std::int64_t fraction_ms = 0;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    for (std::int64_t weight = 100; at < text.size() && is_digit(text[at]); ++at, weight /= 10) fraction_ms += (text[at] - '0') * weight;
    if (at == first) return refused();
  }
  int offset_minutes = 0;
  if (!parse_zone(text.substr(at), offset_minutes)) return refused();
  const UtcTime midnight{std::chrono::sys_days{date}};
  const Duration of_day = hours(clock.hour) + minutes(clock.minute - offset_minutes) + seconds(clock.second) + Duration{fraction_ms};
  // A leap second stands only at the end of a UTC day; like POSIX we count it as the first second of the next one.
  if (clock.second == 60 && (midnight + of_day - Duration{fraction_ms}).time_since_epoch() % days(1) != Duration{0}) return refused();
  return midnight + of_day;
}

std::string format_utc(UtcTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::int64_t of_day = (time - day).count();
  const int ms = static_cast<int>(of_day % 1000);
  std::array<char, 48> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(of_day / 3'600'000),
                                   static_cast<int>(of_day / 60'000 % 60), static_cast<int>(of_day / 1000 % 60));
  std::string text(buffer.data(), static_cast<std::size_t>(length));
  if (ms != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%03d", ms);
    text += buffer.data();
  }
  return text + "Z";
}

} // namespace takt
