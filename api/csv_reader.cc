#include "api/csv_reader.h"

#include <algorithm>

namespace takt {
namespace {

/// False where a quote stays open, or something stands behind a closed one.
bool split(std::string_view line, std::vector<std::string>& fields) {
  fields.clear();
  std::size_t at = 0;
  for (;;) {
    std::string& field = fields.emplace_back();
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at == line.size()) return false;
        if (line[at] == '"') {
          if (at + 1 < line.size() && line[at + 1] == '"')
            ++at; // a doubled quote is one
          else
            break;
        }
        field.push_back(line[at]);
      }
      ++at;
      if (at < line.size() && line[at] != ',') return false;
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      field = line.substr(at, end - at);
      at = end;
    }
    if (at == line.size()) return true;
    ++at;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

} // namespace

tl::unexpected<Error> CsvReader::error(const std::string& why) const {
  return fail(ErrorCode::malformed, (path_ == "-" ? "standard input" : path_) + " line " + std::to_string(line_number_) + ": " + why);
}

Result<bool> CsvReader::read_line() {
  do {
    TAKT_TRY(more, lines_.next(line_));
    if (!more) return false;
    ++line_number_;
    if (lines_.too_long()) return error("the line is too long");
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  } while (line_.empty());
  if (!split(line_, row_)) return error("a quoted field does not end where it should");
  return true;
}

Status CsvReader::read_header(const std::vector<std::string>& columns, std::size_t required) {
  TAKT_TRY(more, read_line());
  if (!more) return error("the file is empty; it should begin with " + joined(columns));
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (row_[0].starts_with(byte_order_mark)) row_[0].erase(0, byte_order_mark.size());
  width_ = row_.size();
  place_.assign(columns.size(), absent);
  for (std::size_t place = 0; place < row_.size(); ++place) {
    const auto column = std::find(columns.begin(), columns.end(), row_[place]);
    if (column == columns.end()) return error("unknown column '" + row_[place] + "'; known are " + joined(columns));
    std::size_t& known = place_[static_cast<std::size_t>(column - columns.begin())];
    if (known != absent) return error("column '" + row_[place] + "' twice");
    known = place;
  }
  for (std::size_t i = 0; i < required; ++i)
    if (!has(i)) return error("no column '" + columns[i] + "'; found " + joined(row_));
  return {};
}

Result<CsvReader> CsvReader::open(const std::string& path, std::vector<std::string> columns, std::size_t required) {
  TAKT_TRY(lines, LineReader::open(path == "-" ? "/dev/stdin" : path));
  CsvReader reader(std::move(lines), path);
  TAKT_TRY_VOID(reader.read_header(columns, required));
  return reader;
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  TAKT_TRY(more, read_line());
  if (!more) return false;
  if (row_.size() != width_) return error(std::to_string(row_.size()) + " fields; the header has " + std::to_string(width_));
  fields.resize(place_.size());
  for (std::size_t column = 0; column < place_.size(); ++column) {
    if (has(column))
      fields[column].swap(row_[place_[column]]);
    else
      fields[column].clear();
  }
  return true;
}

double CsvReader::share_read() const {
  const std::uint64_t total = lines_.bytes_total();
  return total == 0 ? 0 : static_cast<double>(lines_.bytes_read()) / static_cast<double>(total);
}

} // namespace takt
