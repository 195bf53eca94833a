// takt import: a reader thread ahead, lines parsed and people ingested in parallel. The result is that of one thread: people are
// independent of each other, and whoever may be the same person stays in one shard (import_shards.h).
#include "api/app.h"
#include "api/import_shards.h"
#include "api/json/line_ordinals.h"
#include "api/line_reader.h"
#include "api/merchant_feed.h"
#include "core/hash.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <thread>

namespace takt {
namespace {

constexpr std::size_t chunk_lines_max = 65'536;              // ~120 MB with raw text and values; the more, the more events of one person share a commit
constexpr std::size_t chunk_bytes_max = std::size_t{48} << 20;
constexpr Duration import_dedupe_life = days(400);           // as long as the journal: the same file again changes nothing
const std::size_t workers_count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 16);

/// work(worker) on each of `workers_count` threads.
template <class Work>
void on_all_workers(Work&& work) {
  std::vector<std::jthread> threads;
  for (std::size_t worker = 1; worker < workers_count; ++worker) threads.emplace_back([&work, worker] { work(worker); });
  work(0);
}

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

struct Chunk {
  std::vector<std::string> lines;
  std::vector<bool> too_long;
  std::size_t first_line = 1;
  std::uint64_t bytes_read = 0;
  std::vector<Result<ImportLine>> parsed;                    ///< one per line, where the import wants them
};

Result<Chunk> read_chunk(LineReader& reader, std::size_t first_line) {
  Chunk chunk;
  chunk.first_line = first_line;
  std::size_t bytes = 0;
  std::string line;
  while (chunk.lines.size() < chunk_lines_max && bytes < chunk_bytes_max) {
    TAKT_TRY(more, reader.next(line));
    if (!more) break;
    bytes += line.size();
    chunk.too_long.push_back(reader.too_long());
    chunk.lines.push_back(line);
  }
  chunk.bytes_read = reader.bytes_read();
  return chunk;
}

/// Chunk after chunk; the next one is read and prepared while `visit` works on this one: writing waits for the store now and then,
/// and parsing fills the gaps.
Status for_each_chunk(LineReader& reader, const std::function<void(Chunk&)>& prepare, const std::function<Status(Chunk&)>& visit) {
  const auto make = [&](std::size_t first_line) {
    auto chunk = read_chunk(reader, first_line);
    if (chunk && !chunk->lines.empty()) prepare(*chunk);
    return chunk;
  };
  TAKT_TRY(chunk, make(1));
  while (!chunk.lines.empty()) {
    auto next = std::async(std::launch::async, make, chunk.first_line + chunk.lines.size());
    const Status visited = visit(chunk);
    auto following = next.get();
    TAKT_TRY_VOID(visited);
    if (!following) return tl::unexpected(following.error());
    chunk = std::move(*following);
  }
  return {};
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// First pass of --shift-to-now.
Result<std::optional<UtcTime>> newest_time(const std::string& path) {
  TAKT_TRY(reader, LineReader::open(path));
  std::vector<std::optional<UtcTime>> found(workers_count);
  const auto look = [&](Chunk& chunk) {
    on_all_workers([&](std::size_t worker) {
      for (std::size_t i = worker; i < chunk.lines.size(); i += workers_count)
        found[worker] = std::max(found[worker], time_of_import_line(chunk.lines[i]));
    });
  };
  TAKT_TRY_VOID(for_each_chunk(reader, look, [](Chunk&) -> Status { return {}; }));
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

  Status take(Chunk& chunk) {
    std::vector<ImportLine> documents;
    std::vector<std::size_t> document_lines;
    std::vector<Event> events;
    std::vector<std::size_t> event_lines;
    for (std::size_t i = 0; i < chunk.parsed.size(); ++i) {
      if (is_blank(chunk.lines[i])) continue;
      if (!chunk.parsed[i]) {
        rejects_.add(chunk.first_line + i, chunk.parsed[i].error(), chunk.lines[i]);
      } else if (chunk.parsed[i]->kind == ImportLine::Kind::event) {
        number_repeated(*chunk.parsed[i]->event);
        events.push_back(std::move(*chunk.parsed[i]->event));
        event_lines.push_back(i);
      } else {
        documents.push_back(std::move(*chunk.parsed[i]));
        document_lines.push_back(i);
      }
    }
    // Items first: what an event is about should be known when its labels are stamped.
    if (!documents.empty()) {
      TAKT_TRY(taken, app_.put_documents(documents, false, [&](std::size_t position, const Error& error) {
        const std::size_t i = document_lines[position - 1];
        rejects_.add(chunk.first_line + i, error, chunk.lines[i]);
      }));
      summary_.documents += taken;
    }
    ingest(chunk, std::move(events), event_lines);
    return {};
  }

  /// Runs beside take() of the chunk before; reads nothing that take() changes.
  void parse(Chunk& chunk) const {
    const ItemContext items = app_.item_context();
    const WorldPtr world = app_.world();
    EventContext context = context_;
    context.consent_map = &world->policy().consent.map;
    chunk.parsed.assign(chunk.lines.size(), fail(ErrorCode::malformed, "empty"));
    on_all_workers([&](std::size_t worker) {
      for (std::size_t i = worker; i < chunk.lines.size(); i += workers_count) {
        if (chunk.too_long[i]) chunk.parsed[i] = fail(ErrorCode::too_large, "the line is longer than 1 MiB");
        else if (!is_blank(chunk.lines[i])) chunk.parsed[i] = parse_import_line(chunk.lines[i], context, items);
      }
    });
  }

private:
  /// The parser names a line without messageId by its content; two equal lines of a file are two events. In the order of the file,
  /// so that the same file again gives the same ids.
  void number_repeated(Event& event) {
    if (!event.message_id.starts_with("content-") || event.raw.find("\"messageId\"") != std::string::npos) return;
    const std::uint32_t ordinal = ordinals_.next(hash64(event.message_id));
    if (ordinal > 0) event.message_id += fmt::format("-{}", ordinal);
  }

  void ingest(const Chunk& chunk, std::vector<Event> events, const std::vector<std::size_t>& event_lines) {
    const WorldPtr world = app_.world();
    const auto positions = shards_.split(events, workers_count);
    std::vector<std::vector<Event>> parts(workers_count);
    for (std::size_t shard = 0; shard < workers_count; ++shard)
      for (const std::size_t position : positions[shard]) parts[shard].push_back(std::move(events[position]));
    std::vector<IngestCounts> counts(workers_count);
    std::vector<std::vector<std::pair<std::size_t, Error>>> refused(workers_count);
    on_all_workers([&](std::size_t shard) {
      counts[shard] = ingest_batch(app_.store(), *world, parts[shard], {import_dedupe_life},
                                   [&](std::size_t i, const Error& error) { refused[shard].emplace_back(event_lines[positions[shard][i]], error); });
    });
    std::vector<std::pair<std::size_t, Error>> all;
    for (std::size_t shard = 0; shard < workers_count; ++shard) {
      summary_.accepted += counts[shard].accepted;
      summary_.duplicates += counts[shard].duplicates;
      std::move(refused[shard].begin(), refused[shard].end(), std::back_inserter(all));
      app_.note_imported(parts[shard]);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [i, error] : all) rejects_.add(chunk.first_line + i, error, chunk.lines[i]);
  }

  App& app_;
  const ImportOptions& options_;
  RejectsFile& rejects_;
  ImportSummary& summary_;
  EventContext context_;
  ImportShards shards_;
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
    TAKT_TRY_VOID(for_each_chunk(reader, [&](Chunk& chunk) { import.parse(chunk); }, [&](Chunk& chunk) -> Status {
      Status taken = import.take(chunk);
      if (taken && options.progress) options.progress(chunk.bytes_read, reader.bytes_total(), chunk.first_line - 1 + chunk.lines.size());
      return taken;
    }));
  }
  TAKT_TRY_VOID(store_->records().sync());
  summary.rejected = rejects.count();
  summary.rejects_file = rejects.path();
  if (summary.rejected > 0) statistics_->note_rejected(options.source, summary.rejected, clock_.utc_now());
  summary.seconds = std::chrono::duration<double>(clock_.steady_now() - begin).count();
  return summary;
}

} // namespace takt
