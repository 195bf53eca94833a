#pragma once
/// What a store may forget because it is old: the log of decisions, and documents that are notes. Never journals and records: they are the truth.
/// A store in memory has none of this. Threads: any, beside everything else. Errors: unavailable. Cost: milliseconds; the disk gets its room
/// back at once where whole files are old, the rest when files are merged.
#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace takt {

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
};

} // namespace takt
