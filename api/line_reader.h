#pragma once
/// Lines of a file that may be packed (.gz, .xz, .zst: told by its first bytes, not its name). One pass, 64 KiB at a time.
/// Errors: not_found, unavailable (cannot read), corrupt (broken archive). Threads: one.
#include "core/limits.h"
#include "core/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace takt {

class LineReader {
public:
  static Result<LineReader> open(const std::string& path, std::size_t line_bytes_max = limits::import_line_bytes_max);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  /// False at the end. Without the line break; a line longer than `line_bytes_max` comes cut, with `too_long()` true.
  Result<bool> next(std::string& line);
  bool too_long() const;
  std::uint64_t bytes_read() const;                  ///< of the file as it lies on disk: progress
  std::uint64_t bytes_total() const;                 ///< 0 where unknown

private:
  struct Source;
  explicit LineReader(std::unique_ptr<Source> source);
  std::unique_ptr<Source> source_;
};

/// All of it, unpacked, up to `bytes_max`. Errors: as above, too_large.
Result<std::string> read_whole_file(const std::string& path, std::size_t bytes_max);

} // namespace takt
