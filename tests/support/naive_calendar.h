#pragma once
/// Calendar periods by walking: nothing but offsets is asked of the zone database. For naive_caps; slow, and remembers what it walked.
#include "core/cap.h"

#include <set>
#include <span>

namespace takt::tests {

/// S(t) of semantics.md §1, as it is written.
UtcTime naive_period_start(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t);
/// Period starts in every zone ever held, for forty days after t.
void add_naive_period_edges(const CalendarPeriod& period, std::span<const HeldZone> held, UtcTime t, std::set<UtcTime>& out);

} // namespace takt::tests
