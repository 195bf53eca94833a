#pragma once
/// What a store may forget because it is old: the log of decisions, documents that are notes, and the first part of journals, whose place a
/// snapshot takes. Records are never cut: what a decision needs of the past is in them.
/// A store in memory has none of this. Threads: any, beside everything else. Errors: unavailable. Cost: milliseconds; the disk gets its room
/// back at once where whole files are old, the rest when files are merged.
#include "core/id.h"
#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace takt {

/// One part of a way through all customers.
struct JournalsForgotten {
  std::uint64_t entries = 0;
  std::optional<CustomerId> next;              ///< where to go on; none: that was all
};

class Retention {
public:
  virtual ~Retention() = default;
  /// On the device and in memory, about.
  virtual std::uint64_t journal_bytes() = 0;
  /// Of the decisions from that time on; none: of all.
  virtual std::uint64_t decisions_bytes(std::optional<UtcTime> from) = 0;
  virtual Result<std::optional<UtcTime>> oldest_decision() = 0;
  virtual Status forget_decisions(UtcTime before) = 0;
  /// Documents of that kind with a smaller id, and their history. All ids of the kind are as long as `id`.
  virtual Status forget_documents(std::string_view kind, std::string_view id) = 0;
  /// Of up to `customers_max` customers from that id on, the entries of before then, except the last of each; the snapshot of where their
  /// journal begins now stays for good. To write that snapshot seldom, nothing happens until an entry is journal_slack older.
  virtual Result<JournalsForgotten> forget_journals(UtcTime before, CustomerId from, std::size_t customers_max) = 0;
  static constexpr Duration journal_slack = days(30);
};

} // namespace takt
