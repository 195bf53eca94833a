// takt import: a window of lines ahead, people ingested in parallel. The result is that of one thread: people are independent of
// each other, and whoever may be the same person stays in one shard (import_shards.h).
#include "api/app.h"
#include "api/import_window.h"
#include "api/json/line_ordinals.h"
#include "api/line_reader.h"
#include "api/merchant_feed.h"
#include "api/upkeep.h"
#include "api/workers.h"
#include "core/hash.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace takt {
namespace {

constexpr std::size_t shards_max = 256;                      // several per worker: their events fit into a processor's cache
constexpr std::size_t events_at_once = 2048;                 // of one shard: one person may own a whole window
constexpr std::size_t documents_at_once = 65'536;
constexpr Duration import_dedupe_life = days(400);           // as long as the journal: the same file again changes nothing

/// Lines that were not taken, with their number and the reason; made when the first one is written.
class RejectsFile {
public:
  RejectsFile(std::string directory, const std::string& path, UtcTime now)
      : directory_(std::move(directory)), name_(fmt::format("{}-{}.ndjson", std::filesystem::path(path).filename().string(), ms_of(now))) {}
  ~RejectsFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  RejectsFile(const RejectsFile&) = delete;
  RejectsFile& operator=(const RejectsFile&) = delete;

  void add(std::size_t line, const Error& error, std::string_view text) {
    ++count_;
    if (file_ == nullptr && !open()) return;
    nlohmann::ordered_json reject{{"line", line}, {"message", error.message}};
    for (const FieldError& field : error.fields) reject["errors"].push_back({{"pointer", field.pointer}, {"detail", field.detail}});
    reject["text"] = text.substr(0, 500);
    const std::string written = reject.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    std::fwrite(written.data(), 1, written.size(), file_);
  }
  std::uint64_t count() const { return count_; }
  std::string path() const { return file_ == nullptr ? "" : directory_ + "/" + name_; }

private:
  bool open() {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    file_ = std::fopen((directory_ + "/" + name_).c_str(), "w");
    if (file_ != nullptr) ::chmod((directory_ + "/" + name_).c_str(), 0600); // it holds what people did
    return file_ != nullptr;
  }
  std::string directory_, name_;
  std::FILE* file_ = nullptr;
  std::uint64_t count_ = 0;
};

/// Window after window; the next one is read and prepared while `visit` works on this one: writing waits for the store now and
/// then, and looking through lines fills the gaps.
Status for_each_window(LineReader& reader, const std::function<void(ImportWindow&)>& prepare, const std::function<Status(ImportWindow&)>& visit) {
  std::array<ImportWindow, 2> windows;
  const auto fill = [&](ImportWindow* window, std::size_t first_line) -> Status {
    TAKT_TRY_VOID(window->read(reader, first_line));
    if (window->size() > 0) prepare(*window);
    return {};
  };
  TAKT_TRY_VOID(fill(&windows[0], 1));
  for (std::size_t turn = 0; windows[turn].size() > 0; turn = 1 - turn) {
    auto filled = std::async(std::launch::async, fill, &windows[1 - turn], windows[turn].first_line() + windows[turn].size());
    const Status visited = visit(windows[turn]);
    const Status following = filled.get();
    TAKT_TRY_VOID(visited);
    TAKT_TRY_VOID(following);
  }
  return {};
}

/// First pass of --shift-to-now.
Result<std::optional<UtcTime>> newest_time(const std::string& path) {
  TAKT_TRY(reader, LineReader::open(path));
  std::vector<std::optional<UtcTime>> found(workers_count);
  const auto look = [&](ImportWindow& window) {
    on_all_workers([&](std::size_t worker) {
      for (std::size_t i = worker; i < window.size(); i += workers_count)
        found[worker] = std::max(found[worker], time_of_import_line(window.text(i)));
    });
  };
  TAKT_TRY_VOID(for_each_window(reader, look, [](ImportWindow&) -> Status { return {}; }));
  std::optional<UtcTime> newest;
  for (const auto& time : found) newest = std::max(newest, time);
  return newest;
}

/// One import of one NDJSON file.
class Import {
public:
  Import(App& app, const ImportOptions& options, RejectsFile& rejects, ImportSummary& summary)
      : app_(app), options_(options), rejects_(rejects), summary_(summary), shards_(app.store()) {
    context_.source = options.source;
    context_.received_at = app.clock().utc_now();
    context_.received_at_from_line = true;
  }
  void shift_by(Duration shift) { context_.shift = shift; }

  /// Runs beside take() of the window before: reads nothing that take() changes, but links of people whom that window does not name.
  void prepare(ImportWindow& window) { window.scan(shards_, shards_max); }

  Status take(const ImportWindow& window, std::uint64_t bytes_total) {
    TAKT_TRY_VOID(has_room());
    // Items first: what an event is about should be known when its labels are stamped.
    std::vector<Refused> refused;
    TAKT_TRY_VOID(take_documents(window, refused));
    take_events(window, bytes_total, refused);
    std::stable_sort(refused.begin(), refused.end(), [](const Refused& a, const Refused& b) { return a.line < b.line; });
    for (const Refused& one : refused) rejects_.add(window.first_line() + one.line, one.error, window.text(one.line));
    bytes_before_ = window.bytes_read();
    return {};
  }

private:
  struct Refused {
    std::size_t line;                                        ///< in the window, from 0
    Error error;
  };
  struct Worker {
    IngestCounts counts;
    std::map<std::string, std::uint64_t> prices_without_rate;
    std::vector<Refused> refused;
    std::vector<Event> events;                               ///< of the lines at hand; kept for its memory
    std::vector<std::size_t> lines;                          ///< of events, one each
  };

  /// Between windows: what was taken stays, and the same file again goes on.
  Status has_room() {
    if (!app_.is_serving()) static_cast<void>(app_.upkeep().disk().look()); // a server looks by itself, and says what it finds
    return app_.upkeep().disk().admit();
  }

  Status take_documents(const ImportWindow& window, std::vector<Refused>& refused) {
    const std::vector<std::size_t> all = window.documents();
    const ItemContext items = app_.item_context();
    for (std::size_t first = 0; first < all.size(); first += documents_at_once) {
      const auto lines = std::span(all).subspan(first, std::min(documents_at_once, all.size() - first));
      std::vector<Result<ImportLine>> parsed(lines.size(), fail(ErrorCode::malformed, "empty"));
      on_all_workers([&](std::size_t worker) {
        for (std::size_t i = worker; i < lines.size(); i += workers_count) parsed[i] = parse_import_line(window.text(lines[i]), context_, items);
      });
      std::vector<ImportLine> documents;
      std::vector<std::size_t> document_lines;
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (parsed[i]) {
          documents.push_back(std::move(*parsed[i]));
          document_lines.push_back(lines[i]);
        } else {
          refused.push_back({lines[i], parsed[i].error()});
        }
      }
      TAKT_TRY(taken, app_.put_documents(documents, false, [&](std::size_t position, const Error& error) { refused.push_back({document_lines[position - 1], error}); }));
      summary_.documents += taken;
    }
    return {};
  }

  /// Every other window from the end: the records that the store still has in memory are those written last.
  void take_events(const ImportWindow& window, std::uint64_t bytes_total, std::vector<Refused>& refused) {
    const WorldPtr world = app_.world();
    is_backwards_ = !is_backwards_;
    std::atomic<std::size_t> next = 0, lines_done = 0;
    std::vector<Worker> workers(workers_count);
    on_all_workers([&](std::size_t worker) {
      for (std::size_t turn = next++; turn < window.shards().size(); turn = next++) {
        const std::span<const std::size_t> lines = window.shards()[is_backwards_ ? window.shards().size() - 1 - turn : turn];
        for (std::size_t first = 0; first < lines.size(); first += events_at_once)
          take_lines(window, *world, lines.subspan(first, std::min(events_at_once, lines.size() - first)), workers[worker]);
        lines_done += lines.size();
        if (worker == 0 && options_.progress) report(window, bytes_total, lines_done);
      }
    });
    for (Worker& worker : workers) {
      summary_.accepted += worker.counts.accepted;
      summary_.duplicates += worker.counts.duplicates;
      for (const auto& [currency, events] : worker.prices_without_rate) summary_.prices_without_rate[currency] += events;
      std::move(worker.refused.begin(), worker.refused.end(), std::back_inserter(refused));
    }
  }

  /// Some lines of one shard, in the order of the file.
  void take_lines(const ImportWindow& window, const World& world, std::span<const std::size_t> lines, Worker& worker) {
    const ItemContext items = app_.item_context();
    EventContext context = context_;
    context.consent_map = &world.policy().consent.map;
    context.account_currency = app_.config().account_currency;
    context.rates = &app_.config().rates;
    worker.events.clear();
    worker.lines.clear();
    for (const std::size_t line : lines) {
      auto parsed = window.kind(line) == ImportWindow::Kind::too_long ? fail(ErrorCode::too_large, "the line is longer than 1 MiB")
                                                                      : parse_import_line(window.text(line), context, items);
      if (!parsed) {
        worker.refused.push_back({line, std::move(parsed.error())});
        continue;
      }
      TAKT_CHECK(parsed->event.has_value(), "the scanner and the parser know the same documents");
      number_repeated(*parsed->event);
      if (const std::string& currency = parsed->event->currency_without_rate; !currency.empty()) ++worker.prices_without_rate[currency];
      worker.events.push_back(std::move(*parsed->event));
      worker.lines.push_back(line);
    }
    const IngestCounts taken = ingest_batch(app_.store(), world, worker.events, {import_dedupe_life},
                                            [&](std::size_t i, const Error& error) { worker.refused.push_back({worker.lines[i], error}); });
    worker.counts.accepted += taken.accepted;
    worker.counts.duplicates += taken.duplicates;
    app_.note_imported(worker.events);
  }

  /// The parser names a line without messageId by its content; two equal lines of a file are two events. Equal lines name one person,
  /// so they come here in the order of the file, and the same file again gives the same ids.
  void number_repeated(Event& event) {
    if (!event.message_id.starts_with("content-") || event.raw.find("\"messageId\"") != std::string::npos) return;
    const std::lock_guard lock(ordinals_mutex_);
    const std::uint32_t ordinal = ordinals_.next(hash64(event.message_id));
    if (ordinal > 0) event.message_id += fmt::format("-{}", ordinal);
  }

  void report(const ImportWindow& window, std::uint64_t bytes_total, std::size_t lines_done) const {
    const double share = static_cast<double>(lines_done) / static_cast<double>(window.size());
    const auto bytes = static_cast<std::uint64_t>(share * static_cast<double>(window.bytes_read() - bytes_before_));
    options_.progress(bytes_before_ + bytes, bytes_total, window.first_line() - 1 + lines_done);
  }

  App& app_;
  const ImportOptions& options_;
  RejectsFile& rejects_;
  ImportSummary& summary_;
  EventContext context_;
  ImportShards shards_;
  bool is_backwards_ = true;
  std::uint64_t bytes_before_ = 0;
  std::mutex ordinals_mutex_;
  LineOrdinals ordinals_;
};

Status import_feed(App& app, LineReader& reader, RejectsFile& rejects, ImportSummary& summary) {
  std::vector<ImportLine> lines;
  std::vector<std::size_t> numbers;
  Status status;
  const auto flush = [&]() -> Status {
    TAKT_TRY(taken, app.put_documents(lines, false, [&](std::size_t position, const Error& error) {
      rejects.add(numbers[position - 1], error, lines[position - 1].json);
    }));
    summary.documents += taken;
    lines.clear();
    numbers.clear();
    return {};
  };
  TAKT_TRY_VOID(read_merchant_feed(reader, [&](std::size_t number, std::string json) {
    ImportLine line;
    line.kind = ImportLine::Kind::item;
    line.json = std::move(json);
    lines.push_back(std::move(line));
    numbers.push_back(number);
    if (lines.size() >= 10'000 && status) status = flush();
  }));
  TAKT_TRY_VOID(status);
  return flush();
}

} // namespace

void App::note_imported(std::span<const Event> events) { note_events(events, *world()); }

Result<ImportSummary> App::import_file(const std::string& path, const ImportOptions& options) {
  if (options.format != "ndjson" && options.format != "google-merchant")
    return fail(ErrorCode::invalid, "format must be ndjson or google-merchant, not " + options.format);
  const SteadyTime begin = clock_.steady_now();
  ImportSummary summary;
  RejectsFile rejects(config_.data_dir + "/rejects", path, clock_.utc_now());
  if (options.format == "google-merchant") {
    TAKT_TRY(reader, LineReader::open(path, std::size_t{64} << 20)); // some shops write their feed without a line break
    TAKT_TRY_VOID(import_feed(*this, reader, rejects, summary));
  } else {
    Import import(*this, options, rejects, summary);
    if (options.shift_to_now) {
      TAKT_TRY(newest, newest_time(path));
      if (newest) import.shift_by(clock_.utc_now() - *newest);
    }
    TAKT_TRY(reader, LineReader::open(path));
    TAKT_TRY_VOID(for_each_window(reader, [&](ImportWindow& window) { import.prepare(window); }, [&](ImportWindow& window) { return import.take(window, reader.bytes_total()); }));
  }
  TAKT_TRY_VOID(store_->records().sync());
  summary.rejected = rejects.count();
  summary.rejects_file = rejects.path();
  if (summary.rejected > 0) statistics_->note_rejected(options.source, summary.rejected, clock_.utc_now());
  summary.seconds = std::chrono::duration<double>(clock_.steady_now() - begin).count();
  return summary;
}

} // namespace takt
