#pragma once
/// An export on its way: rows of a whole store in pieces, so that a million customers need no memory and a caller who was cut off goes on from
/// its last row. Decisions come by time, everything else by customer id.
/// Errors: invalid (parameters), unavailable. Threads: one; the store may be written to meanwhile. Cost: 8 bytes a customer; reads what it tells.
#include "api/exports/rows.h"
#include "core/result.h"
#include "store/store.h"

#include <memory>
#include <optional>

namespace takt {

struct ExportOptions {
  ExportKind kind = ExportKind::decisions;
  ExportFormat format = ExportFormat::ndjson;
  RowOptions rows;
  std::string after;                       ///< decision_id or customer_id whose rows are all there already; "" = from the beginning
};

/// As texts come in over HTTP and the command line. Errors: invalid, with the parameter's name; also of one that is given and empty.
struct ExportTexts {
  std::string kind;
  std::optional<std::string> format = {}, from = {}, to = {}, cursor = {}, identities = {}, window = {};
};
Result<ExportOptions> parse_export(const ExportTexts& texts, UtcTime now);

class Export {
public:
  Export(Store& store, ExportOptions options);
  /// Appends rows, some 64 KiB of them, or none yet; false = there are no more. An error ends it.
  Result<bool> next(std::string& piece);

private:
  Result<bool> next_decisions(std::string& piece);
  Result<bool> next_customers(std::string& piece);
  Status list_customers();

  Store& store_;
  ExportOptions options_;
  RowWriter writer_;
  bool begun_ = false;
  DecisionId last_decision_{};
  std::optional<std::vector<CustomerId>> customers_;   ///< of whom rows are still to come from place_ on
  std::size_t place_ = 0;
};

} // namespace takt
