// What only the RocksDB store has: a directory, a format, damage, a bounded cache, a syncer.
#include "core/record_codec.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/record_cache.h"
#include "store/store.h"
#include "tests/contract/store_contract.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace takt::test {
namespace {

namespace fs = std::filesystem;
constexpr CustomerId anna{42};

RocksdbOptions options_for(const std::string& directory) {
  return {.directory = directory, .cache_bytes = std::size_t{16} << 20, .sync_every = {}, .bulk_load = false};
}
std::unique_ptr<Store> open_at(const std::string& directory) {
  auto store = open_rocksdb_store(options_for(directory));
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}
void grow(Store& store, CustomerId customer, std::size_t count) {
  Version version = (*store.records().read(customer, {}))->version;
  for (std::size_t i = 0; i < count; ++i, ++version) {
    const Commit commit = make_commit(customer, version, version);
    ASSERT_EQ(store.records().commit(std::span(&commit, 1), Durability::wal, {}).front(), CommitOutcome::committed);
  }
}
/// Writes past the store, as a broken disk would.
void tamper(const std::string& directory, Family family, std::string_view key, const std::string& bytes) {
  auto database = Database::open(options_for(directory));
  ASSERT_TRUE(database);
  rocksdb::WriteBatch batch;
  ASSERT_TRUE(batch.Put((*database)->handle(family), slice(key), bytes).ok());
  ASSERT_TRUE((*database)->write(batch));
}

TEST(RocksdbStore, a_directory_has_one_owner_in_a_process_and_among_processes) {
  const TempDir directory;
  const auto owner = open_at(directory.path());
  const auto second = open_rocksdb_store(options_for(directory.path()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_NE(second.error().message.find("another process owns"), std::string::npos) << second.error().message;
  const pid_t child = fork();
  if (child == 0) {
    const auto stolen = open_rocksdb_store(options_for(directory.path()));
    _exit(!stolen && stolen.error().code == ErrorCode::unavailable && stolen.error().message.find("another process owns") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(RocksdbStore, a_directory_of_another_kind_is_refused_and_left_alone) {
  const TempDir directory;
  std::ofstream(directory.path() + "/holiday.jpg") << "not a store";
  const auto store = open_rocksdb_store(options_for(directory.path()));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

TEST(RocksdbStore, a_store_that_must_exist_is_not_made) {
  const TempDir directory;
  RocksdbOptions options = options_for(directory.path() + "/store");
  options.must_exist = true;
  const auto absent = open_rocksdb_store(options);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
  EXPECT_FALSE(fs::exists(options.directory));
  fs::create_directory(options.directory);
  EXPECT_FALSE(open_rocksdb_store(options)) << "an empty directory is none";
  EXPECT_TRUE(fs::is_empty(options.directory));
  open_at(options.directory);
  EXPECT_TRUE(open_rocksdb_store(options));
}

TEST(RocksdbStore, a_rocksdb_of_somebody_else_is_refused) {
  const TempDir directory;
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, directory.path(), &raw).ok());
    const std::unique_ptr<rocksdb::DB> db(raw);
    ASSERT_TRUE(db->Put({}, "their", "data").ok());
  }
  const auto store = open_rocksdb_store(options_for(directory.path()));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
}

TEST(RocksdbStore, a_newer_format_is_refused_by_name) {
  const TempDir directory;
  open_at(directory.path());
  tamper(directory.path(), Family::meta, keys::format_key, keys::number_bytes(store_format_version + 1));
  const auto store = open_rocksdb_store(options_for(directory.path()));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
  EXPECT_NE(store.error().message.find("newer Takt"), std::string::npos) << store.error().message;
}

TEST(RocksdbStore, identities_in_clear_of_format_1_become_hashes) {
  const TempDir directory;
  constexpr std::uint64_t people = 30'000; // three batches
  {
    auto database = Database::open(options_for(directory.path()));
    ASSERT_TRUE(database);
    rocksdb::WriteBatch batch;
    for (std::uint64_t i = 1; i <= people; ++i) {
      const std::string key = std::string("i") + static_cast<char>(IdentityKind::user) + "somebody" + std::to_string(i);
      ASSERT_TRUE(batch.Put((*database)->handle(Family::meta), key, keys::number_bytes(i)).ok());
    }
    ASSERT_TRUE(batch.Put((*database)->handle(Family::meta), slice(keys::format_key), keys::number_bytes(1)).ok());
    ASSERT_TRUE((*database)->write(batch));
  }
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = open_at(directory.path());
    for (std::uint64_t i = 1; i <= people; i += 977) EXPECT_EQ(store->identities().find({IdentityKind::user, "somebody" + std::to_string(i)}), CustomerId{i});
    EXPECT_EQ(store->identities().find({IdentityKind::user, "nobody"}), CustomerId{});
  }
  EXPECT_EQ(files_holding(directory.path(), "somebody"), std::vector<std::string>{});
}

TEST(RocksdbStore, bytes_are_found_in_every_kind_of_file) {
  const TempDir directory;
  std::string text; // compresses well, so that no table holds it as it is
  for (int i = 0; i < 4000; ++i) text += "the same words again and again, ";
  {
    auto database = Database::open(options_for(directory.path()));
    ASSERT_TRUE(database);
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Put((*database)->handle(Family::meta), "zz", text + "needle" + text).ok());
    ASSERT_TRUE((*database)->write(batch));
    const auto in_log = files_holding(directory.path(), "needle");
    ASSERT_TRUE(in_log && in_log->size() == 1);
    EXPECT_TRUE(in_log->front().ends_with(".log")) << in_log->front();
    ASSERT_TRUE((*database)->flush_all());
    ASSERT_TRUE((*database)->compact(Family::meta, {}, "zzz"));
    const auto in_table = files_holding(directory.path(), "needle");
    ASSERT_TRUE(in_table && in_table->size() == 1);
    EXPECT_TRUE(in_table->front().ends_with(".sst")) << in_table->front();
  }
  fs::create_directory(directory.path() + "/beside");
  std::ofstream(directory.path() + "/beside/notes") << std::string((std::size_t{1} << 20) - 3, ' ') << "needle";
  EXPECT_EQ(files_holding(directory.path(), "needle")->size(), 2U) << "across the border of two pieces";
  EXPECT_EQ(files_holding(directory.path(), "haystack"), std::vector<std::string>{});
  EXPECT_FALSE(files_holding(directory.path(), ""));
}

TEST(RocksdbStore, a_directory_that_cannot_be_made_is_unavailable) {
  const auto store = open_rocksdb_store(options_for("/proc/no/such/place"));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(open_rocksdb_store(options_for("")));
}

TEST(RocksdbStore, a_damaged_journal_entry_is_an_error_and_its_neighbours_live) {
  const TempDir directory;
  {
    const auto store = open_at(directory.path());
    grow(*store, anna, 10);
    grow(*store, CustomerId{43}, 3);
  }
  tamper(directory.path(), Family::journal, keys::record_key(anna, 5).view(), "garbage");
  const auto store = open_at(directory.path());
  const auto record = store->records().read(anna, {});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::corrupt);
  const Commit commit = make_commit(anna, 10, 10);
  EXPECT_EQ(store->records().commit(std::span(&commit, 1), Durability::wal, {}).front(), CommitOutcome::unavailable);
  EXPECT_TRUE(store->records().read(CustomerId{43}, {}));
  EXPECT_FALSE(store->journal().rebuild({}));
}

TEST(RocksdbStore, a_damaged_snapshot_is_an_error_that_rebuild_heals) {
  const TempDir directory;
  std::string before;
  {
    const auto store = open_at(directory.path());
    grow(*store, anna, 70);
    before = encode_record(**store->records().read(anna, {}));
  }
  tamper(directory.path(), Family::snapshots, keys::newest_snapshot_key(anna).view(), "garbage");
  tamper(directory.path(), Family::snapshots, keys::record_key(anna, 33).view(), "garbage"); // where none belongs
  const auto store = open_at(directory.path());
  const auto record = store->records().read(anna, {});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::corrupt);
  EXPECT_FALSE(store->journal().snapshot(anna, 40));
  ASSERT_TRUE(store->journal().rebuild({}));
  EXPECT_EQ(encode_record(**store->records().read(anna, {})), before);
  EXPECT_EQ(store->journal().snapshot(anna, 40)->version, 0U);
}

TEST(RocksdbStore, a_gap_in_the_journal_is_corrupt) {
  const TempDir directory;
  { grow(*open_at(directory.path()), anna, 4); }
  {
    auto database = Database::open(options_for(directory.path()));
    rocksdb::WriteBatch batch;
    ASSERT_TRUE(batch.Delete((*database)->handle(Family::journal), slice(keys::record_key(anna, 3).view())).ok());
    ASSERT_TRUE((*database)->write(batch));
  }
  EXPECT_EQ(open_at(directory.path())->records().read(anna, {}).error().code, ErrorCode::corrupt);
}

TEST(RocksdbStore, a_torn_log_loses_its_tail_only) {
  const TempDir directory;
  { grow(*open_at(directory.path()), anna, 50); }
  fs::path log;
  for (const auto& entry : fs::directory_iterator(directory.path()))
    if (entry.path().extension() == ".log" && (log.empty() || entry.path() > log)) log = entry.path();
  ASSERT_FALSE(log.empty());
  ASSERT_GT(fs::file_size(log), 3000U);
  fs::resize_file(log, fs::file_size(log) - 1000);
  const auto store = open_at(directory.path());
  const auto record = store->records().read(anna, {});
  ASSERT_TRUE(record);
  EXPECT_LT((*record)->version, 50U);
  EXPECT_GT((*record)->version, 10U);
  EXPECT_EQ(encode_record(**record), encode_record(fold_all(*store, anna)));
}

TEST(RocksdbStore, a_long_history_keeps_a_snapshot_near_any_version) {
  const TempDir directory;
  const auto store = open_at(directory.path());
  grow(*store, anna, 2100);
  EXPECT_EQ(store->journal().snapshot(anna, 2100)->version, 2080U);
  EXPECT_EQ(store->journal().snapshot(anna, 2079)->version, 2048U);
  EXPECT_EQ(store->journal().snapshot(anna, 2047)->version, 1024U);
  EXPECT_EQ(store->journal().snapshot(anna, 1023)->version, 0U);
  ASSERT_TRUE(store->journal().rebuild({}));
  EXPECT_EQ(store->journal().snapshot(anna, 2100)->version, 2080U);
  EXPECT_EQ(store->journal().snapshot(anna, 2047)->version, 1024U);
}

TEST(RocksdbStore, bulk_loading_gives_the_same_records) {
  const TempDir directory;
  RocksdbOptions options = options_for(directory.path());
  options.bulk_load = true;
  options.sync_every = Duration{5};
  std::string before;
  {
    const auto store = open_rocksdb_store(options);
    ASSERT_TRUE(store);
    grow(**store, anna, 100);
    before = encode_record(**(*store)->records().read(anna, {}));
  }
  EXPECT_EQ(encode_record(**open_at(directory.path())->records().read(anna, {})), before);
}

std::shared_ptr<CustomerRecord> record_of(std::uint64_t id, std::size_t journey) {
  auto record = std::make_shared<CustomerRecord>();
  record->id = CustomerId{id};
  record->version = 16;
  record->journey.resize(journey);
  return record;
}

TEST(RecordCache, keeps_what_was_used_last_within_its_bytes) {
  RecordCache cache(64 * 20'000);                       // 64 shards
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    cache.put(record_of(id, 50));
    EXPECT_TRUE(cache.find(CustomerId{1}) || id > 1);
  }
  std::size_t kept = 0, bytes = 0;
  for (std::uint64_t id = 1; id <= 10'000; ++id)
    if (const auto record = cache.find(CustomerId{id})) {
      ++kept;
      bytes += estimate_bytes(*record);
    }
  EXPECT_GT(kept, 64U);
  EXPECT_LE(bytes, 64U * 20'000U);
  EXPECT_TRUE(cache.find(CustomerId{10'000}));
}

TEST(RecordCache, a_record_that_is_held_is_not_given_away) {
  RecordCache cache(std::size_t{1} << 20);
  cache.put(record_of(1, 1));
  const auto held = cache.find(CustomerId{1});
  EXPECT_FALSE(cache.take(CustomerId{1}).sole);
  EXPECT_TRUE(cache.find(CustomerId{1}));
  cache.put(record_of(2, 1));
  RecordCache::Taken taken = cache.take(CustomerId{2});
  EXPECT_TRUE(taken.sole);
  EXPECT_FALSE(cache.find(CustomerId{2}));              // nobody sees it half-folded
  cache.put(std::move(taken.record));
  EXPECT_TRUE(cache.find(CustomerId{2}));
  cache.drop(CustomerId{2});
  EXPECT_FALSE(cache.find(CustomerId{2}));
}

TEST(Syncer, syncs_once_for_many_and_tells_of_failure) {
  std::atomic<int> syncs = 0;
  std::atomic<bool> is_broken = false;
  Syncer syncer([&]() -> Status { ++syncs; return is_broken ? Status(fail(ErrorCode::unavailable, "broken")) : Status{}; }, Duration::zero());
  for (int i = 0; i < 1000; ++i) syncer.wrote();
  EXPECT_EQ(syncer.wait(syncer.newest(), {}), Syncer::Outcome::synced);
  EXPECT_EQ(syncs, 1);
  EXPECT_EQ(syncer.wait(syncer.newest(), {}), Syncer::Outcome::synced);  // nothing new: no sync
  EXPECT_EQ(syncs, 1);
  is_broken = true;
  EXPECT_EQ(syncer.wait(syncer.wrote(), {}), Syncer::Outcome::failed);
  is_broken = false;
  EXPECT_EQ(syncer.wait(syncer.wrote(), {}), Syncer::Outcome::failed);   // for good
}

TEST(Syncer, without_a_waiter_it_syncs_in_its_pause) {
  std::mutex mutex;
  std::condition_variable changed;
  int syncs = 0;
  Syncer syncer(
      [&]() -> Status {
        const std::lock_guard lock(mutex);
        ++syncs;
        changed.notify_all();
        return {};
      },
      Duration{1});
  syncer.wrote();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return syncs > 0; });        // hangs, and so fails by ctest's limit, if it never does
}

TEST(Keys, order_of_bytes_is_order_of_numbers) {
  EXPECT_LT(keys::record_key(CustomerId{1}, ~Version{0}).view(), keys::record_key(CustomerId{2}, 0).view());
  EXPECT_LT(keys::record_key(CustomerId{1}, 255).view(), keys::record_key(CustomerId{1}, 256).view());
  EXPECT_EQ(keys::customer_of(keys::record_key(CustomerId{77}, 9).view()), CustomerId{77});
  EXPECT_EQ(keys::version_of(keys::record_key(CustomerId{77}, 9).view()), 9U);
  for (const std::uint64_t n : {0U, 1U, 999U, 123456U}) {
    const DecisionId id = make_decision_id(test_time(n), anna, 7);
    EXPECT_LE(keys::first_decision_id(test_time(n)), id.bytes);
    EXPECT_GT(keys::first_decision_id(test_time(n) + Duration{1}), id.bytes);
  }
}

} // namespace
} // namespace takt::test
