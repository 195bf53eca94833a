#pragma once
/// RocksDB's settings for the five families, from the few that are ours.
#include "store/rocksdb/database.h"

#include <rocksdb/options.h>

#include <memory>
#include <string_view>
#include <vector>

namespace takt {

constexpr std::array<std::string_view, families_count> family_names = {"default", "journal", "snapshots", "decisions", "dedupe"};

struct DatabaseSettings {
  rocksdb::DBOptions database;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;  ///< in the order of `Family`
};
/// Memory: RocksdbOptions::cache_bytes for blocks, indexes, filters and memtables together (with bulk_load: at least 512 MiB).
DatabaseSettings database_settings(const RocksdbOptions& options, std::shared_ptr<const LatestClock> latest_clock);

} // namespace takt
