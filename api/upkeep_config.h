#pragma once
/// The part of takt.toml that keeps a server in good order: backups, room on the disk, how long what grows is kept.
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace takt {

struct UpkeepConfig {
  std::string backup_dir;                        ///< where a server's own backups go, best on another disk; "" = nowhere. Never inside the data directory
  Duration backup_every{0};                      ///< 1m..30d; 0 = only when asked. What a lost machine loses is at most that
  std::size_t backup_keep = 24;                  ///< 1..100000 backups; older ones are forgotten. They share what is equal
  double disk_free_min = 0.05;                   ///< 0..0.5 of the disk; with less free, events are refused. 0 = never
  Duration retention_decisions = days(35);       ///< 1d..100000d. Longer: longer what-if and replay, and a larger disk
  std::uint64_t retention_decisions_bytes = std::uint64_t{20} << 30;  ///< 1 MiB..; over it the oldest go first. 0 = no bound
  Duration retention_journal = days(400);        ///< 60d..100000d. Entries; records keep what they made. Never shorter than retention_decisions
  Duration retention_audit = days(400);          ///< 1d..100000d. Who changed what
  bool operator==(const UpkeepConfig&) const = default;
};

} // namespace takt
