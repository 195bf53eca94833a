#pragma once
/// ingest(): one event becomes one delta of one record (two commits for a merge or a foreign confirmation), once only.
/// Acknowledge after sync(). Errors: invalid (no identity, too far in the future …): nothing changed. Threads: any.
#include "core/event.h"
#include "core/limits.h"
#include "engine/world.h"
#include "store/store.h"

namespace takt {

enum class IngestOutcome : std::uint8_t { accepted, duplicate };

struct IngestOptions {
  Duration dedupe_life = limits::dedupe_mark_life;
};

Result<IngestOutcome> ingest(Store& store, const World& world, const Event& event, const IngestOptions& options);

/// Many events, same result as one by one in order: neighbours of one customer share a commit. `rejected(index, error)`.
struct IngestCounts { std::size_t accepted = 0, duplicates = 0, rejected = 0; };
IngestCounts ingest_batch(Store& store, const World& world, std::span<const Event> events, const IngestOptions& options,
                          const std::function<void(std::size_t, const Error&)>& rejected);

} // namespace takt
