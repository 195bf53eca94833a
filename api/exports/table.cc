#include "api/exports/table.h"

#include "api/json/writer.h"
#include "core/check.h"

namespace takt {
namespace {

void append_csv(std::string& out, const Cell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) out += *flag ? "true" : "false";
  else if (const auto* whole = std::get_if<std::int64_t>(&cell)) out += std::to_string(*whole);
  else if (const auto* number = std::get_if<double>(&cell)) append_json_number(out, *number);
  else if (const auto* text = std::get_if<std::string>(&cell)) out += csv_field(without_formula(*text));
}

void append_json(JsonWriter& json, const Cell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) json.boolean(*flag);
  else if (const auto* whole = std::get_if<std::int64_t>(&cell)) json.whole(*whole);
  else if (const auto* number = std::get_if<double>(&cell)) json.number(*number);
  else if (const auto* text = std::get_if<std::string>(&cell)) json.text(*text);
  else json.null();
}

} // namespace

std::string without_formula(std::string_view text) {
  return (text.find_first_of("=+-@\t\r") == 0 ? "'" : "") + std::string(text);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

std::string RowWriter::head() const {
  std::string line;
  if (format_ == ExportFormat::ndjson) return line;
  for (const std::string& column : columns_) line += (line.empty() ? "" : ",") + column;
  return line + "\n";
}

void RowWriter::append(std::string& out, std::span<const Cell> cells) const {
  TAKT_CHECK(cells.size() == columns_.size(), "a row with other columns");
  if (format_ == ExportFormat::csv) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) out += ',';
      append_csv(out, cells[c]);
    }
  } else {
    JsonWriter json;
    json.begin_object();
    for (std::size_t c = 0; c < cells.size(); ++c) append_json(json.key(columns_[c]), cells[c]);
    json.end_object();
    out += json.take();
  }
  out += '\n';
}

} // namespace takt
