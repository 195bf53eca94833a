#pragma once
/// The tables of an export: their columns, and the rows that one logged decision or one customer has in them. What each column means:
/// docs/exports.md. People are named by Takt's own ids, and by theirs only where that is asked for. Pure.
#include "api/exports/table.h"
#include "core/decision.h"
#include "core/record.h"
#include "core/symbol.h"

#include <functional>

namespace takt {

enum class ExportKind : std::uint8_t { decisions, exposures, outcomes, customers };

/// A half-open interval.
struct ExportSpan {
  UtcTime from = UtcTime::min(), to = UtcTime::max();
  bool covers(UtcTime t) const { return from <= t && t < to; }
};

struct RowOptions {
  ExportSpan span;                         ///< of the decision, the grant or the founding
  bool identities = false;                 ///< also user ids and device ids
  Duration window = days(7);               ///< outcomes: a purchase so long after the item was seen is taken for its
  UtcTime now{};                           ///< states are those of this instant
};

using PutRow = std::function<void(std::span<const Cell>)>;

std::vector<std::string> columns_of(ExportKind kind, bool identities);

/// One row per slot that was filled, one for a placement that answered with nothing.
void decision_rows(const DecisionRecord& record, const RowOptions& options, const PutRow& put);
/// Every exposure of the ledger.
void exposure_rows(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put);
/// What came of every exposure that was seen.
void outcome_rows(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put);
void customer_row(const CustomerRecord& record, const SymbolTable& symbols, const RowOptions& options, const PutRow& put);

} // namespace takt
