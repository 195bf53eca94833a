#include "api/source_statistics.h"

#include "core/id.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace takt {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t hour_ms = 3'600'000;

std::int64_t hour_number(UtcTime time) { return ms_of(time) / hour_ms; }

/// identify, page … have no name of their own.
std::string_view type_name(EventType type) {
  static constexpr std::string_view names[]{"track", "identify", "alias", "page", "screen", "group"};
  return names[static_cast<std::size_t>(type)];
}

bool is_impression(const Event& event) {
  return event.name == EventName::promotion_viewed || (event.name == EventName::product_list_viewed && !event.decision_id.empty());
}

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

/// Counts by name in order of arrival; names beyond the first `names_max` together.
class Counter {
public:
  Counter(Counts& counts, std::size_t names_max) : counts_(counts), names_max_(names_max), others_(counts.find("(others)")) {}
  void add(std::string_view name) {
    if (last_ != nullptr && last_->first == name) return static_cast<void>(++last_->second); // sources repeat themselves
    auto found = counts_.find(name);
    if (found == counts_.end() && counts_.size() >= names_max_) {
      if (others_ == counts_.end()) others_ = counts_.emplace("(others)", 0).first;
      ++others_->second;
      return;
    }
    if (found == counts_.end()) found = counts_.emplace(name, 0).first;
    last_ = &*found;
    ++last_->second;
  }

private:
  Counts& counts_;
  std::size_t names_max_;
  Counts::iterator others_;
  Counts::value_type* last_ = nullptr;
};

void add_counts(Counts& to, const Counts& from) {
  for (const auto& [name, value] : from) to[name] += value;
}

Json to_json(const SourceHour& hour) {
  return {{"events", hour.events_by_name}, {"unknown_products", hour.unknown_products}, {"own_of_decisions", hour.own_of_decisions}, {"products", hour.products},
          {"products_known", hour.products_known}, {"impressions", hour.impressions}, {"with_decision", hour.impressions_with_decision},
          {"rejected", hour.rejected}, {"skewed", hour.skewed}, {"skew_ms_max", hour.skew_ms_max}};
}

SourceHour from_json(const Json& json) {
  SourceHour hour;
  for (const auto& [name, value] : json.at("events").items()) hour.events_by_name[name] = value.get<std::uint64_t>();
  for (const auto& [name, value] : json.at("unknown_products").items()) hour.unknown_products[name] = value.get<std::uint64_t>();
  if (json.contains("own_of_decisions")) // not in files of before 2026-11-24
    for (const auto& [name, value] : json.at("own_of_decisions").items()) hour.own_of_decisions[name] = value.get<std::uint64_t>();
  hour.products = json.at("products").get<std::uint64_t>();
  hour.products_known = json.at("products_known").get<std::uint64_t>();
  hour.impressions = json.at("impressions").get<std::uint64_t>();
  hour.impressions_with_decision = json.at("with_decision").get<std::uint64_t>();
  hour.rejected = json.at("rejected").get<std::uint64_t>();
  hour.skewed = json.at("skewed").get<std::uint64_t>();
  hour.skew_ms_max = json.at("skew_ms_max").get<std::int64_t>();
  return hour;
}

void note_run(SourceHour& hour, std::span<const Event> events, const std::function<bool(const std::string&)>& knows_product) {
  Counter names(hour.events_by_name, SourceStatistics::names_max), unknown(hour.unknown_products, SourceStatistics::unknown_products_max);
  Counter own(hour.own_of_decisions, SourceStatistics::names_max);
  for (const Event& event : events) {
    names.add(event.name_text.empty() ? type_name(event.type) : std::string_view(event.name_text));
    for (const EventItem& item : event.items) {
      ++hour.products;
      if (knows_product(item.id)) ++hour.products_known;
      else unknown.add(item.id);
    }
    const bool names_decision = !event.decision_id.empty() && parse_decision_id(event.decision_id);
    if (is_impression(event)) {
      ++hour.impressions;
      if (names_decision) ++hour.impressions_with_decision;
    } else if (names_decision && event.type == EventType::track && event.name == EventName::other) own.add(event.name_text);
    const std::int64_t skew = ms_of(event.occurred_at) - ms_of(event.received_at);
    if (skew > 300'000 || skew < -300'000) ++hour.skewed;
    hour.skew_ms_max = std::max(hour.skew_ms_max, skew);
  }
}

} // namespace

void SourceHour::add(const SourceHour& other) {
  add_counts(events_by_name, other.events_by_name);
  add_counts(unknown_products, other.unknown_products);
  add_counts(own_of_decisions, other.own_of_decisions);
  products += other.products;
  products_known += other.products_known;
  impressions += other.impressions;
  impressions_with_decision += other.impressions_with_decision;
  rejected += other.rejected;
  skewed += other.skewed;
  skew_ms_max = std::max(skew_ms_max, other.skew_ms_max);
}

SourceStatistics::SourceStatistics(std::string path, UtcTime now) : path_(std::move(path)), saved_at_(now) { load(); }

SourceStatistics::~SourceStatistics() { save(saved_at_); }

SourceHour& SourceStatistics::hour_of(std::string_view source, UtcTime now) {
  auto found = hours_.find(source);
  if (found == hours_.end() && hours_.size() >= sources_max) // those that have been silent for a day make room
    std::erase_if(hours_, [&](const auto& known) { return known.second.empty() || known.second.rbegin()->first < hour_number(now) - 24; });
  if (found == hours_.end()) found = hours_.try_emplace(hours_.size() < sources_max ? std::string(source) : std::string("(others)")).first;
  auto& by_hour = found->second;
  while (!by_hour.empty() && by_hour.begin()->first < hour_number(now) - 24) by_hour.erase(by_hour.begin());
  return by_hour[hour_number(now)];
}

void SourceStatistics::note(std::span<const Event> events, const std::function<bool(const std::string&)>& knows_product, UtcTime now) {
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t first = 0; first < events.size();) { // runs of one source: nearly always all
      std::size_t last = first + 1;
      while (last < events.size() && events[last].source == events[first].source) ++last;
      note_run(hour_of(events[first].source, now), events.subspan(first, last - first), knows_product);
      first = last;
    }
    changed_ = changed_ || !events.empty();
  }
  if (now - saved_at_ >= minutes(1)) save(now);
}

void SourceStatistics::note_rejected(std::string_view source, std::uint64_t count, UtcTime now) {
  const std::lock_guard lock(mutex_);
  hour_of(source, now).rejected += count;
  changed_ = true;
}

std::map<std::string, SourceHour> SourceStatistics::last_day(UtcTime now) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, SourceHour> result;
  for (const auto& [source, by_hour] : hours_)
    for (const auto& [hour, values] : by_hour)
      if (hour > hour_number(now) - 24) result[source].add(values);
  return result;
}

void SourceStatistics::clear(UtcTime now) {
  {
    const std::lock_guard lock(mutex_);
    hours_.clear();
    changed_ = true;
  }
  save(now);
}

void SourceStatistics::forget(const std::set<std::string, std::less<>>& names, UtcTime now) {
  {
    const std::lock_guard lock(mutex_);
    const auto is_gone = [&](const auto& counted) { return names.contains(counted.first); };
    // A source may be called after a person, with something around it: //crm/customers/anna@shop.example. Short names are in many words.
    const auto is_called_after = [&](const auto& known) {
      return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name == known.first || (name.size() >= 6 && known.first.find(name) != std::string::npos); });
    };
    changed_ |= std::erase_if(hours_, is_called_after) > 0;
    for (auto& [source, by_hour] : hours_)
      for (auto& [hour, values] : by_hour) changed_ |= std::erase_if(values.events_by_name, is_gone) + std::erase_if(values.unknown_products, is_gone) + std::erase_if(values.own_of_decisions, is_gone) > 0;
  }
  save(now);
}

void SourceStatistics::save(UtcTime now) {
  const std::lock_guard lock(mutex_);
  if (path_.empty() || !changed_) return;
  Json json = Json::object();
  for (const auto& [source, by_hour] : hours_)
    for (const auto& [hour, values] : by_hour) json[source][std::to_string(hour)] = to_json(values);
  const std::string next = path_ + ".new";
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return; // statistics are worth no failed request
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  if (written && std::rename(next.c_str(), path_.c_str()) == 0) changed_ = false;
  saved_at_ = now;
}

void SourceStatistics::load() {
  std::ifstream file(path_);
  if (path_.empty() || !file) return;
  try {
    const Json json = Json::parse(file);
    for (const auto& [source, by_hour] : json.items())
      for (const auto& [hour, values] : by_hour.items()) hours_[source][std::stoll(hour)] = from_json(values);
  } catch (const std::exception&) {
    hours_.clear(); // a half-written file of an older version: start anew
  }
}

} // namespace takt
