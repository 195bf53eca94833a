#pragma once
/// What one event and a batch of events have in common. Private to engine/ingest*.cc.
#include "engine/ingest.h"

namespace takt {

/// What every event must have, whatever it means; 422 with a pointer otherwise.
Status check_event(const Event& event);
/// That the event was taken, kept as long as a sender may repeat it.
DedupeMark mark_of(const CommitId& id, const Event& event, const IngestOptions& options);

} // namespace takt
