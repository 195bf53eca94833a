#include "store/rocksdb/database_options.h"

#include "store/rocksdb/dedupe_filter.h"
#include "store/rocksdb/keys.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace takt {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr double bloom_bits_per_key = 10; // 1 % false positives (Bloom 1970)

rocksdb::CompressionType first_supported(std::initializer_list<rocksdb::CompressionType> wanted) {
  const auto supported = rocksdb::GetSupportedCompressions();
  for (const rocksdb::CompressionType type : wanted)
    if (std::find(supported.begin(), supported.end(), type) != supported.end()) return type;
  return rocksdb::kNoCompression;
}

rocksdb::ColumnFamilyOptions common_options(const std::shared_ptr<rocksdb::Cache>& cache, std::size_t block_bytes, std::size_t memtable_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = block_bytes;
  table.cache_index_and_filter_blocks = true;               // so that the cache's bound is the bound
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  table.whole_key_filtering = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.compaction_style = rocksdb::kCompactionStyleLevel;
  family.level_compaction_dynamic_level_bytes = true;       // one tenth of the data above the last level, whatever the size
  family.write_buffer_size = memtable_bytes;
  family.max_write_buffer_number = 2;                       // three and parallel flushes: wrong order after a failed flush in 7.8
  family.compression = first_supported({rocksdb::kLZ4Compression});
  family.bottommost_compression = first_supported({rocksdb::kZSTD, rocksdb::kLZ4Compression});
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.05;
  // Batches come sorted: each key is looked for from the one before it, not from the top (one hint for all keys of a memtable).
  family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
  // Reads are guarded by Bloom filters, so more files on level 0 cost little, and a stalled writer costs a deadline.
  family.level0_slowdown_writes_trigger = 40;
  family.level0_stop_writes_trigger = 80;
  family.soft_pending_compaction_bytes_limit = std::uint64_t{256} << 30;
  family.hard_pending_compaction_bytes_limit = std::uint64_t{1} << 40;
  return family;
}

/// A table's index and filter are one block each, up to a MiB, and a shard that cannot hold them reads them for every key: by
/// default, shards of half a MiB.
int cache_shard_bits(std::size_t cache_bytes) {
  int bits = 0;
  while (bits < 6 && (cache_bytes >> (bits + 1)) >= 8 * mebibyte) ++bits;
  return bits;
}

struct MemtableSizes {
  std::size_t large, small, dedupe;
};

// A skip list that outgrows the processor's caches costs more per insert than the flushes it saves: 128 MiB was slower than
// 64 in a bulk load, and 16 MiB of marks, in random order, slower than 4.
MemtableSizes memtable_sizes(const RocksdbOptions& options, std::size_t budget) {
  if (options.bulk_load) return {64 * mebibyte, 16 * mebibyte, 4 * mebibyte};
  return {std::clamp(budget / 4, 2 * mebibyte, 32 * mebibyte), std::clamp(budget / 8, 1 * mebibyte, 16 * mebibyte), std::clamp(budget / 8, 1 * mebibyte, 4 * mebibyte)};
}

rocksdb::DBOptions database_options(const RocksdbOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.max_background_jobs = 2;
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery; // a torn tail was never acknowledged
  database.max_total_wal_size = (options.bulk_load ? 1024 : 256) * mebibyte;   // bounds the time of recovery
  database.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  database.max_log_file_size = mebibyte;
  database.keep_log_file_num = 3;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  database.max_open_files = 1000;                           // readers of open tables live outside the block cache
  database.bytes_per_sync = mebibyte;                       // no burst of dirty pages before the syncer's fsync
  database.avoid_unnecessary_blocking_io = true;
  return database;
}

} // namespace

DatabaseSettings database_settings(const RocksdbOptions& options, std::shared_ptr<const LatestClock> latest_clock) {
  const std::size_t bytes = std::max(options.cache_bytes, (options.bulk_load ? 512 : 16) * mebibyte);
  const auto cache = rocksdb::NewLRUCache(bytes / 2, cache_shard_bits(bytes / 2));
  const MemtableSizes sizes = memtable_sizes(options, bytes / 2);
  DatabaseSettings settings{database_options(options), {}};
  settings.database.db_write_buffer_size = bytes / 2;       // all memtables together

  const rocksdb::ColumnFamilyOptions meta = common_options(cache, 8192, sizes.small);
  rocksdb::ColumnFamilyOptions journal = common_options(cache, 8192, sizes.large);
  journal.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(keys::customer_prefix_bytes));
  const rocksdb::ColumnFamilyOptions snapshots = common_options(cache, 8192, sizes.large);
  const rocksdb::ColumnFamilyOptions decisions = common_options(cache, 32768, sizes.large); // read rarely, compressed well
  rocksdb::ColumnFamilyOptions dedupe = common_options(cache, 4096, sizes.dedupe);
  dedupe.compaction_filter_factory = make_dedupe_filter_factory(std::move(latest_clock));
  dedupe.compression = rocksdb::kNoCompression;             // hashes
  dedupe.bottommost_compression = rocksdb::kNoCompression;
  dedupe.periodic_compaction_seconds = 2 * 24 * 3600;       // so that files without new marks lose their old ones too

  const std::array<rocksdb::ColumnFamilyOptions, families_count> in_order = {meta, journal, snapshots, decisions, dedupe};
  for (std::size_t i = 0; i < families_count; ++i) {
    settings.families.emplace_back(std::string(family_names[i]), in_order[i]);
    if (options.bulk_load) settings.families.back().options.level0_file_num_compaction_trigger = 8; // merge less often, more at once
  }
  return settings;
}

} // namespace takt
