#pragma once
/// Expired dedupe marks leave the disk while RocksDB compacts. There is no clock down here: "expired" is judged by the latest
/// clock that any commit of this process carried, less a day, because customers' clocks differ. Until then they are
/// merely ignored. A mark's value: 8 bytes big endian, ms of its end.
#include "store/rocksdb/database.h"

#include <rocksdb/compaction_filter.h>

#include <memory>

namespace takt {

std::shared_ptr<rocksdb::CompactionFilterFactory> make_dedupe_filter_factory(std::shared_ptr<const LatestClock> latest_clock);

} // namespace takt
