#pragma once
/// Rows of a CSV file with a header (RFC 4180 but for line breaks within quotes), packed or not (api/line_reader.h). "-" is standard input.
/// Columns are told by name, in any order; a column nobody asked for is refused, because it would be ignored.
/// Errors: those of LineReader; malformed, with file and line: a wrong header, a row of another length, an open quote, a line that is too long.
/// Threads: one.
#include "api/line_reader.h"

#include <vector>

namespace takt {

class CsvReader {
public:
  /// The first `required` of `columns` must be there.
  static Result<CsvReader> open(const std::string& path, std::vector<std::string> columns, std::size_t required);
  /// Fields in the order of `columns`; "" for a column that the file does not have. False at the end. Empty lines are skipped.
  Result<bool> next(std::vector<std::string>& fields);
  bool has(std::size_t column) const { return place_[column] != absent; }
  /// "FILE line N: why", as an error.
  tl::unexpected<Error> error(const std::string& why) const;
  double share_read() const; ///< of the file, 0 where its size is unknown

private:
  CsvReader(LineReader lines, std::string path) : lines_(std::move(lines)), path_(std::move(path)) {}
  Result<bool> read_line();
  Status read_header(const std::vector<std::string>& columns, std::size_t required);
  static constexpr std::size_t absent = SIZE_MAX;
  LineReader lines_;
  std::string path_;
  std::uint64_t line_number_ = 0;
  std::string line_;
  std::vector<std::string> row_;
  std::vector<std::size_t> place_; ///< column → place in the row
  std::size_t width_ = 0;
};

} // namespace takt
