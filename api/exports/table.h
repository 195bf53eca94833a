#pragma once
/// Rows as text, for whoever reads them with other tools: one JSON object a line, or CSV (RFC 4180, lines end in "\n"). Both have the same
/// columns; nothing is null in JSON and empty in CSV. Pure.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace takt {

using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

enum class ExportFormat : std::uint8_t { ndjson, csv };

/// A spreadsheet runs what begins like a formula, and ids and locales are anybody's words: a quote before it.
std::string without_formula(std::string_view text);
/// Quoted where it has to be.
std::string csv_field(std::string_view text);

class RowWriter {
public:
  RowWriter(ExportFormat format, std::vector<std::string> columns) : format_(format), columns_(std::move(columns)) {}
  /// What stands before the rows: of CSV the line of names.
  std::string head() const;
  /// As many cells as columns.
  void append(std::string& out, std::span<const Cell> cells) const;
  const std::vector<std::string>& columns() const { return columns_; }

private:
  ExportFormat format_;
  std::vector<std::string> columns_;
};

} // namespace takt
