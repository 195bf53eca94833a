#pragma once
/// RocksDB's settings for the five families, from the few that are ours.
#include "store/rocksdb/database.h"

#include <rocksdb/options.h>

#include <memory>
#include <string_view>
#include <vector>

namespace takt {

constexpr std::array<std::string_view, families_count> family_names = {"default", "journal", "snapshots", "decisions", "dedupe"};

rocksdb::DBOptions database_options(const RocksdbOptions& options);
std::vector<rocksdb::ColumnFamilyDescriptor> family_options(const RocksdbOptions& options, std::shared_ptr<const LatestClock> latest_clock);

} // namespace takt
