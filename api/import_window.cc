#include "api/import_window.h"

#include "api/workers.h"

namespace takt {
namespace {

constexpr std::size_t bytes_max = std::size_t{112} << 20;     // two windows are in memory: one is read while the other is taken
constexpr std::size_t lines_max = std::size_t{1} << 19;

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

} // namespace

Status ImportWindow::read(LineReader& reader, std::size_t first_line) {
  first_line_ = first_line;
  text_.clear();
  lines_.clear();
  std::string line;
  while (lines_.size() < lines_max && text_.size() < bytes_max) {
    TAKT_TRY(more, reader.next(line));
    if (!more) break;
    const Kind kind = reader.too_long() ? Kind::too_long : is_blank(line) ? Kind::blank : Kind::event;
    if (text_.capacity() - text_.size() < line.size() && text_.size() > bytes_max / 8) text_.reserve(bytes_max + limits::import_line_bytes_max);
    lines_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(line.size()), kind});
    text_.append(line);
  }
  bytes_read_ = reader.bytes_read();
  return {};
}

void ImportWindow::scan(ImportShards& shards, std::size_t shards_count) {
  names_.assign(lines_.size(), {});
  scanners_.resize(workers_count);
  on_all_workers([&](std::size_t worker) {
    ImportScanner& scanner = scanners_[worker];
    scanner.forget();
    for (std::size_t i = worker; i < lines_.size(); i += workers_count) {
      if (lines_[i].kind != Kind::event) continue;
      const ImportScanner::Line seen = scanner.scan(text(i));
      if (seen.is_document) lines_[i].kind = Kind::document;
      else names_[i] = seen.names;
    }
  });
  shards_ = shards.split(names_, shards_count);
  for (auto& shard : shards_) // who is not named lies in the first
    std::erase_if(shard, [&](std::size_t i) { return lines_[i].kind == Kind::blank || lines_[i].kind == Kind::document; });
}

std::vector<std::size_t> ImportWindow::documents() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (lines_[i].kind == Kind::document) found.push_back(i);
  return found;
}

} // namespace takt
