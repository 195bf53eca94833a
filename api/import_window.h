#pragma once
/// A part of a file in memory, as large as may be: the more lines it holds, the more events of one person share a commit. So lines
/// stay text until their person's turn; as events they would take five times the room.
/// Threads: one fills it; afterwards reading is const. Errors: those of the reader. Cost: the text and 80 bytes per line; scan ~1 µs.
#include "api/import_shards.h"
#include "api/json/import_scanner.h"
#include "api/line_reader.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

class ImportWindow {
public:
  enum class Kind : std::uint8_t { blank, event, document, too_long };

  /// The next lines of a file, instead of those before. No lines: the file's end.
  Status read(LineReader& reader, std::size_t first_line);
  /// Looks at every line, on all processors, and shares the events out.
  void scan(ImportShards& shards, std::size_t shards_count);

  std::size_t size() const { return lines_.size(); }
  std::size_t first_line() const { return first_line_; }      ///< its number in the file, from 1
  std::uint64_t bytes_read() const { return bytes_read_; }    ///< of the file, when this window was full
  std::string_view text(std::size_t line) const { return std::string_view(text_).substr(lines_[line].begin, lines_[line].size); }
  Kind kind(std::size_t line) const { return lines_[line].kind; }
  /// Lines of each shard, ascending; every event and whatever cannot be read, but no document.
  const std::vector<std::vector<std::size_t>>& shards() const { return shards_; }
  std::vector<std::size_t> documents() const;

private:
  struct Line {
    std::uint32_t begin = 0, size = 0;
    Kind kind = Kind::event;
  };
  std::string text_;
  std::vector<Line> lines_;
  std::vector<EventNames> names_;
  std::vector<ImportScanner> scanners_;                       ///< they hold what names_ points to
  std::vector<std::vector<std::size_t>> shards_;
  std::size_t first_line_ = 1;
  std::uint64_t bytes_read_ = 0;
};

} // namespace takt
