#include "engine/relevance/training_data.h"

#include "core/check.h"

#include <algorithm>
#include <utility>

namespace takt {
namespace {

std::vector<std::uint32_t> items_of(std::span<const Interaction> events) {
  std::vector<std::uint32_t> items;
  for (const Interaction& event : events) items.push_back(event.item);
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

/// How many of the customer's events are past.
std::size_t end_of_past(std::span<const Interaction> events, const TrainingData& data, std::int64_t cut, double share) {
  if (data.customers_are_sessions) return events.front().at_seconds < cut ? events.size() : 0; // as a whole: by when it began
  if (data.has_times)
    return static_cast<std::size_t>(
        std::lower_bound(events.begin(), events.end(), cut, [](const Interaction& event, std::int64_t at) { return event.at_seconds < at; }) -
        events.begin());
  constexpr std::size_t events_min = 5; // fewer say nothing about both past and future
  if (events.size() < events_min) return events.size();
  return events.size() - std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(events.size())));
}

/// The moment that `share` of the events are not before.
std::int64_t cut_of(const TrainingData& data, double share) {
  std::vector<std::int64_t> times;
  for (const Interaction& event : data.events) times.push_back(event.at_seconds);
  const auto place = std::min(times.size() - 1, static_cast<std::size_t>((1 - share) * static_cast<double>(times.size())));
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(place), times.end());
  return times[place];
}

void add_session_cases(std::span<const Interaction> session, std::vector<EvaluationCase>& cases) {
  for (std::size_t next = 1; next < session.size(); ++next) cases.push_back({history_of(session.first(next)), {}, {session[next].item}, 0});
}

void add_customer_case(std::span<const Interaction> past, std::span<const Interaction> future, std::vector<EvaluationCase>& cases) {
  EvaluationCase one{history_of(past), items_of(past), {}, 0};
  for (const std::uint32_t item : items_of(future))
    if (!std::binary_search(one.masked.begin(), one.masked.end(), item)) one.wanted.push_back(item);
  if (!one.history.empty() && !one.wanted.empty()) cases.push_back(std::move(one));
}

void thin_out(std::vector<EvaluationCase>& cases, std::size_t cases_max) {
  if (cases.size() <= cases_max) return;
  for (std::size_t i = 0; i < cases_max; ++i) {
    const std::size_t from = i * cases.size() / cases_max;
    if (from != i) cases[i] = std::move(cases[from]);
  }
  cases.resize(cases_max);
}

} // namespace

std::int64_t TrainingData::period_seconds() const {
  if ((!has_times && !customers_are_sessions) || events.empty()) return 0;
  const auto oldest =
      std::min_element(events.begin(), events.end(), [](const Interaction& a, const Interaction& b) { return a.at_seconds < b.at_seconds; });
  return now_seconds - oldest->at_seconds;
}

void sort_events(TrainingData& data) {
  std::stable_sort(data.events.begin(), data.events.end(), [](const Interaction& a, const Interaction& b) {
    return a.customer != b.customer ? a.customer < b.customer : a.at_seconds < b.at_seconds;
  });
  data.now_seconds = data.events.empty() ? 0 : data.events.front().at_seconds;
  for (const Interaction& event : data.events) data.now_seconds = std::max(data.now_seconds, event.at_seconds);
}

std::vector<std::size_t> customer_begins(const TrainingData& data) {
  std::vector<std::size_t> begins(data.customers + 1, 0);
  for (const Interaction& event : data.events) ++begins[event.customer + 1];
  for (std::size_t i = 0; i < data.customers; ++i) begins[i + 1] += begins[i];
  return begins;
}

std::vector<HistoryItem> history_of(std::span<const Interaction> events) {
  std::vector<HistoryItem> newest_first;
  std::vector<std::pair<std::uint32_t, std::size_t>> places; // item → where it first stands in newest_first
  for (std::size_t i = events.size(); i-- > 0;) places.emplace_back(events[i].item, events.size() - 1 - i);
  std::sort(places.begin(), places.end());
  std::vector<std::size_t> first_place(events.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    first_place[places[i].second] = i > 0 && places[i - 1].first == places[i].first ? first_place[places[i - 1].second] : places[i].second;
  std::vector<std::size_t> kept(events.size());
  for (std::size_t back = 0; back < events.size(); ++back) {
    const Interaction& event = events[events.size() - 1 - back];
    if (first_place[back] == back) {
      kept[back] = newest_first.size();
      newest_first.push_back({event.item, event.weight, event.at_seconds});
    } else {
      HistoryItem& same = newest_first[kept[first_place[back]]];
      same.weight = std::max(same.weight, event.weight);
    }
  }
  std::reverse(newest_first.begin(), newest_first.end());
  return newest_first;
}

HeldOut hold_out(const TrainingData& data, double share, std::size_t cases_max) {
  TAKT_CHECK(share > 0 && share < 1, "a share of the events");
  HeldOut result;
  result.past = data;
  result.past.events.clear();
  if (data.events.empty()) return result;
  const std::int64_t cut = cut_of(data, share);
  const auto begins = customer_begins(data);
  for (std::size_t customer = 0; customer < data.customers; ++customer) {
    const auto all = std::span(data.events).subspan(begins[customer], begins[customer + 1] - begins[customer]);
    if (all.empty()) continue;
    const std::size_t end = end_of_past(all, data, cut, share);
    result.past.events.insert(result.past.events.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end));
    if (data.customers_are_sessions && end == 0) add_session_cases(all, result.cases);
    if (!data.customers_are_sessions) add_customer_case(all.first(end), all.subspan(end), result.cases);
  }
  sort_events(result.past);
  thin_out(result.cases, cases_max);
  return result;
}

} // namespace takt
