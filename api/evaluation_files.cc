#include "api/evaluation_files.h"

#include "api/csv_reader.h"
#include "core/evidence.h"
#include "core/time.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

namespace takt {
namespace {

/// Names → numbers in order of appearance.
class Numbering {
public:
  std::uint32_t of(const std::string& name) {
    const auto [entry, is_new] = numbers_.emplace(name, static_cast<std::uint32_t>(numbers_.size()));
    if (is_new) names_.push_back(name);
    return entry->second;
  }
  const std::uint32_t* find(const std::string& name) const {
    const auto entry = numbers_.find(name);
    return entry == numbers_.end() ? nullptr : &entry->second;
  }
  std::size_t size() const { return names_.size(); }
  /// Renumbers by name. Returns old number → new.
  std::vector<std::uint32_t> sort() {
    std::vector<std::uint32_t> order(names_.size()), rank(names_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return names_[a] < names_[b]; });
    for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    for (auto& [name, number] : numbers_) number = rank[number];
    std::sort(names_.begin(), names_.end());
    return rank;
  }
  const std::vector<std::string>& names() const { return names_; }

private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_;
};

std::optional<std::int64_t> seconds_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t milliseconds_from = 100'000'000'000; // as seconds, the year 5138
  if (problem == std::errc{} && end == text.data() + text.size()) return number >= milliseconds_from ? number / 1000 : number;
  const auto time = parse_utc(text);
  if (!time) return std::nullopt;
  return ms_of(*time) / 1000;
}

float weight_of(std::string event) {
  for (char& letter : event)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  JourneyKind kind = JourneyKind::view;
  if (event == "purchase" || event == "order" || event == "order completed" || event == "transaction" || event == "buy") kind = JourneyKind::purchase;
  if (event == "add_to_cart" || event == "addtocart" || event == "cart" || event == "product added") kind = JourneyKind::add_to_cart;
  return static_cast<float>(evidence_of(kind) / evidence_of(JourneyKind::purchase));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (char letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    const bool is_part = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || static_cast<unsigned char>(letter) >= 0x80;
    if (is_part)
      words.back().push_back(letter);
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Status require(const CsvReader& reader, const std::vector<std::string>& fields, std::size_t required, const std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < required; ++i)
    if (fields[i].empty()) return reader.error("no " + columns[i]);
  return {};
}

/// Items get the order of their ids, and the strongest event of the file weighs 1.
void finish(EvaluationFiles& files, Numbering& items, std::size_t customers) {
  float strongest = 0;
  for (const Interaction& event : files.train.events) strongest = std::max(strongest, event.weight);
  const auto rank = items.sort();
  for (Interaction& event : files.train.events) {
    event.item = rank[event.item];
    event.weight /= strongest;
  }
  files.train.customers = customers;
  files.train.items = items.size();
  files.item_ids = items.names();
  sort_events(files.train);
}

const std::vector<std::string> customer_columns = {"customer_id", "item_id", "timestamp", "event"};

Status read_customers(const std::string& path, EvaluationFiles& files, Numbering& customers, Numbering& items) {
  TAKT_TRY(reader, CsvReader::open(path, customer_columns, 2));
  files.train.has_times = reader.has(2);
  std::vector<std::string> fields;
  for (;;) {
    TAKT_TRY(more, reader.next(fields));
    if (!more) break;
    TAKT_TRY_VOID(require(reader, fields, 2, customer_columns));
    Interaction event{customers.of(fields[0]), items.of(fields[1]), reader.has(3) ? weight_of(fields[3]) : 1,
                      static_cast<std::int64_t>(files.train.events.size())};
    if (reader.has(2)) {
      const auto at = seconds_of(fields[2]);
      if (!at) return reader.error("'" + fields[2] + "' is no RFC 3339 time and no number of seconds");
      event.at_seconds = *at;
    }
    files.train.events.push_back(event);
  }
  return {};
}

struct Wanted {
  std::vector<std::uint32_t> known;
  std::vector<std::string> unknown;
};

Result<std::map<std::uint32_t, Wanted>> read_wanted(const std::string& path, const Numbering& customers, const Numbering& items) {
  TAKT_TRY(reader, CsvReader::open(path, customer_columns, 2));
  std::map<std::uint32_t, Wanted> wanted;
  std::vector<std::string> fields;
  for (;;) {
    TAKT_TRY(more, reader.next(fields));
    if (!more) break;
    TAKT_TRY_VOID(require(reader, fields, 2, customer_columns));
    if (reader.has(2) && !seconds_of(fields[2])) return reader.error("'" + fields[2] + "' is no RFC 3339 time and no number of seconds");
    const std::uint32_t* customer = customers.find(fields[0]);
    if (customer == nullptr) continue; // nothing is known about them: skipped, as the contract says
    const std::uint32_t* item = items.find(fields[1]);
    if (item != nullptr)
      wanted[*customer].known.push_back(*item);
    else
      wanted[*customer].unknown.push_back(fields[1]);
  }
  return wanted;
}

template <class Value>
void make_distinct(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

} // namespace

Result<EvaluationFiles> read_evaluation_files(const std::string& train, const std::string& test, bool keeps_seen) {
  EvaluationFiles files;
  Numbering customers, items;
  TAKT_TRY_VOID(read_customers(train, files, customers, items));
  finish(files, items, customers.size());
  TAKT_TRY(wanted, read_wanted(test, customers, items));
  const auto begins = customer_begins(files.train);
  for (auto& [customer, here] : wanted) {
    EvaluationCase one;
    one.history = history_of(std::span(files.train.events).subspan(begins[customer], begins[customer + 1] - begins[customer]));
    if (!keeps_seen)
      for (const HistoryItem& seen : one.history) one.masked.push_back(seen.item);
    make_distinct(one.masked);
    make_distinct(here.known);
    make_distinct(here.unknown);
    for (const std::uint32_t item : here.known)
      if (!std::binary_search(one.masked.begin(), one.masked.end(), item)) one.wanted.push_back(item);
    one.wanted_unknown = here.unknown.size();
    if (one.wanted.size() + one.wanted_unknown > 0) files.cases.push_back(std::move(one));
  }
  return files;
}

Result<EvaluationFiles> read_session_files(const std::string& train, const std::string& test) {
  EvaluationFiles files;
  files.train.customers_are_sessions = true;
  Numbering sessions, items;
  std::vector<std::string> fields;
  const std::vector<std::string> train_columns = {"session_id", "item_id"}, test_columns = {"prefix", "target"};
  TAKT_TRY(reader, CsvReader::open(train, train_columns, 2));
  for (;;) {
    TAKT_TRY(more, reader.next(fields));
    if (!more) break;
    TAKT_TRY_VOID(require(reader, fields, 2, train_columns));
    files.train.events.push_back({sessions.of(fields[0]), items.of(fields[1]), 1, static_cast<std::int64_t>(files.train.events.size())});
  }
  finish(files, items, sessions.size());
  TAKT_TRY(cases, CsvReader::open(test, test_columns, 2));
  for (;;) {
    TAKT_TRY(more, cases.next(fields));
    if (!more) break;
    if (fields[1].empty()) return cases.error("no target"); // a prefix may be empty: somebody who has just come
    std::vector<Interaction> prefix;
    for (std::size_t at = 0; at < fields[0].size();) {
      const std::size_t end = std::min(fields[0].find(' ', at), fields[0].size());
      if (const std::uint32_t* item = items.find(fields[0].substr(at, end - at)); item != nullptr)
        prefix.push_back({0, *item, 1, files.train.now_seconds + 1 + static_cast<std::int64_t>(prefix.size())});
      at = end + 1;
    }
    EvaluationCase& one = files.cases.emplace_back();
    one.history = history_of(prefix);
    const std::uint32_t* target = items.find(fields[1]);
    if (target != nullptr)
      one.wanted = {*target};
    else
      one.wanted_unknown = 1;
  }
  return files;
}

Status read_item_texts(const std::string& path, EvaluationFiles& files) {
  const std::vector<std::string> columns = {"item_id", "text"};
  TAKT_TRY(reader, CsvReader::open(path, columns, 2));
  files.train.item_words.assign(files.train.items, {});
  Numbering words;
  std::vector<std::string> fields;
  for (;;) {
    TAKT_TRY(more, reader.next(fields));
    if (!more) break;
    TAKT_TRY_VOID(require(reader, fields, 1, columns));
    const auto item = std::lower_bound(files.item_ids.begin(), files.item_ids.end(), fields[0]);
    if (item == files.item_ids.end() || *item != fields[0]) continue;
    auto& here = files.train.item_words[static_cast<std::size_t>(item - files.item_ids.begin())];
    for (const std::string& word : words_of(fields[1])) here.push_back(words.of(word));
  }
  files.train.words_count = words.size();
  return {};
}

} // namespace takt
