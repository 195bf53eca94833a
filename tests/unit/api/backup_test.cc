// Backup and restore of a real store: what was acknowledged is in it, nothing half is taken for whole, and nothing changes where it fails.
#include "api/backup/backups.h"
#include "api/backup/restore.h"
#include "core/hash.h"
#include "core/record_codec.h"
#include "store/store.h"
#include "tests/contract/store_contract.h"
#include "tests/support/temp_dir.h"

#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <set>

namespace takt::test {
namespace {

namespace fs = std::filesystem;

/// A second later at each look, so that backups have moments of their own.
class TickingClock final : public Clock {
public:
  UtcTime utc_now() const override { return UtcTime(Duration(1'800'000'000'000) + std::chrono::seconds(++looks_)); }
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::seconds(++looks_)); }

private:
  mutable std::atomic<std::int64_t> looks_ = 0;
};

std::string text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
std::set<std::string> listing(const fs::path& directory) {
  std::set<std::string> names;
  if (fs::exists(directory))
    for (const auto& entry : fs::recursive_directory_iterator(directory)) names.insert(fs::relative(entry.path(), directory).string());
  return names;
}

class BackupTest : public testing::Test {
protected:
  fs::path data() const { return directory_.path() + "/data"; }
  fs::path backups() const { return directory_.path() + "/backups"; }
  fs::path other() const { return directory_.path() + "/restored"; }

  /// A data directory that is open, as a process has it.
  struct Opened {
    std::unique_ptr<Store> store;
    std::unique_ptr<Backups> backups;
  };
  Opened open(const fs::path& directory) {
    RocksdbOptions options;
    options.directory = (directory / "store").string();
    options.cache_bytes = std::size_t{16} << 20;
    auto store = open_rocksdb_store(options);
    EXPECT_TRUE(store) << store.error().message;
    if (!store) return {};
    auto made = std::make_unique<Backups>(directory.string(), "0.1.0", dynamic_cast<Checkpoints*>(store->get()), clock_, BackupPlan{backups().string(), {}, 24});
    return {std::move(*store), std::move(made)};
  }
  /// Entries of twenty people, and a document.
  static void grow(Store& store, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) {
      const CustomerId customer{i % 20 + 1};
      const Commit commit = make_commit(customer, (*store.records().read(customer, {}))->version, i);
      ASSERT_EQ(store.records().commit(std::span(&commit, 1), Durability::wal, {}).front(), CommitOutcome::committed);
    }
    ASSERT_TRUE(store.documents().put({"item", "sku-" + std::to_string(to), 0, "{}", {}, "test"}, std::nullopt));
  }
  /// Of every record and every document.
  static std::string digest(Store& store) {
    std::uint64_t hash = store.documents().revision();
    EXPECT_TRUE(store.records().for_each_customer([&](CustomerId customer) {
      const auto record = store.records().read(customer, {});
      EXPECT_TRUE(record);
      EXPECT_EQ(**record, fold_all(store, customer)) << "a record is what its journal says";
      hash = mix64(hash, hash64(encode_record(**record)));
      return true;
    }));
    EXPECT_TRUE(store.documents().scan("item", [&](const Document& document) {
      hash = mix64(hash, hash64(document.id));
      return true;
    }));
    return std::to_string(hash);
  }
  Result<MadeBackup> back_up(Opened& opened, std::size_t kept = 0) { return opened.backups->make(backups().string(), kept, {}); }
  Result<Restored> restore(const std::function<void(RestoreOrder&)>& change = {}) {
    RestoreOrder order{backups(), other(), "", false, {}, {}};
    if (change) change(order);
    return restore_backup(order);
  }
  std::size_t damaged() {
    auto folder = BackupFolder::open_to_read(backups());
    EXPECT_TRUE(folder);
    auto verified = folder->verify({});
    EXPECT_TRUE(verified);
    return verified->damages.size();
  }
  std::vector<Backup> whole() {
    auto folder = BackupFolder::open_to_read(backups());
    return folder ? *folder->backups() : std::vector<Backup>{};
  }

  TempDir directory_;
  TickingClock clock_;
};

TEST_F(BackupTest, ARestoredDirectoryHasEveryRecordDocumentAndFile) {
  std::string before;
  {
    auto opened = open(data());
    grow(*opened.store, 0, 300);
    write(data() / "artefacts/7/tables.bin", "a model");
    write(data() / "artefacts/.writing-8/tables.bin", "half a model");
    write(data() / "rejects/x.ndjson", "refused");
    before = digest(*opened.store);
    const auto made = back_up(opened);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_GT(made->backup.bytes_added, 0U);
    EXPECT_FALSE(fs::exists(data() / ".backup")) << "nothing is left beside";
    grow(*opened.store, 300, 400); // after the moment: not in it
    EXPECT_NE(digest(*opened.store), before);
  }
  EXPECT_EQ(damaged(), 0U);
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(text_of(other() / "artefacts/7/tables.bin"), "a model");
  EXPECT_FALSE(fs::exists(other() / "artefacts/.writing-8"));
  EXPECT_FALSE(fs::exists(other() / "rejects"));
  EXPECT_FALSE(fs::exists(other() / ".restoring"));
  auto opened = open(other());
  EXPECT_EQ(digest(*opened.store), before);
  ASSERT_TRUE(opened.store->journal().rebuild({}));
  EXPECT_EQ(digest(*opened.store), before);
}

TEST_F(BackupTest, ASecondOneCopiesWhatIsNewAndSharesTheRest) {
  auto opened = open(data());
  grow(*opened.store, 0, 500);
  const auto first = back_up(opened);
  ASSERT_TRUE(first);
  grow(*opened.store, 500, 510);
  const auto second = back_up(opened);
  ASSERT_TRUE(second);
  std::uint64_t shared = 0;
  for (const BackedUpFile& file : second->backup.files)
    for (const BackedUpFile& earlier : first->backup.files)
      if (file.path.ends_with(".sst") && file == earlier) shared += file.bytes;
  EXPECT_GT(shared, 0U) << "a table that is linked has the stamp it had";
  EXPECT_LE(second->backup.bytes_added, second->backup.bytes - shared);
  EXPECT_GT(second->backup.id, first->backup.id);
  EXPECT_EQ(damaged(), 0U);
  // The earlier one is as whole as the later one.
  const auto restored = restore([&](RestoreOrder& order) { order.backup = first->backup.id; });
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->backup.id, first->backup.id);
}

TEST_F(BackupTest, OldOnesAreForgottenWithWhatOnlyTheyHad) {
  auto opened = open(data());
  for (int round = 0; round < 4; ++round) {
    grow(*opened.store, round * 50, round * 50 + 50);
    ASSERT_TRUE(back_up(opened));
  }
  const auto last = back_up(opened, 2);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->forgotten.size(), 3U);
  EXPECT_EQ(last->kept, 2U);
  EXPECT_EQ(whole().size(), 2U);
  EXPECT_EQ(damaged(), 0U);
  std::set<std::string> used;
  for (const Backup& backup : whole())
    for (const BackedUpFile& file : backup.files) used.insert(file.sha256);
  std::size_t contents = 0;
  for (const auto& entry : fs::recursive_directory_iterator(backups() / "contents")) contents += entry.is_regular_file() ? 1U : 0U;
  EXPECT_EQ(contents, used.size());
  // Where a manifest cannot be read, nobody knows what it needs.
  const std::string oldest = whole().front().id;
  write(backups() / "backups" / (oldest + ".json"), "{}");
  const auto careful = back_up(opened, 1);
  ASSERT_TRUE(careful);
  EXPECT_TRUE(careful->forgotten.empty());
}

TEST_F(BackupTest, OneThatIsBrokenOffIsNoneWhereverThatWas) {
  auto opened = open(data());
  grow(*opened.store, 0, 60);
  std::size_t broken = 0;
  for (;; ++broken) {
    std::size_t seen = 0;
    const auto made = opened.backups->make(backups().string(), 0, [&](std::uint64_t, std::uint64_t) { return ++seen <= broken; });
    if (made) break; // it was never stopped
    EXPECT_TRUE(whole().empty()) << "stopped after " << broken;
    EXPECT_FALSE(restore());
    EXPECT_FALSE(fs::exists(other()));
    EXPECT_FALSE(fs::exists(data() / ".backup"));
  }
  EXPECT_GT(broken, 3U);
  EXPECT_EQ(whole().size(), 1U);
  ASSERT_TRUE(back_up(opened, 1));
  EXPECT_EQ(whole().size(), 1U);
  EXPECT_EQ(damaged(), 0U);
  EXPECT_FALSE(fs::exists(backups() / "contents/writing")) << "the garbage of those before is gone";
}

TEST_F(BackupTest, DamageIsFoundAndNotRestored) {
  {
    auto opened = open(data());
    grow(*opened.store, 0, 100);
    ASSERT_TRUE(back_up(opened));
  }
  const Backup backup = whole().front();
  auto folder = BackupFolder::open_to_read(backups());
  for (const BackedUpFile& file : backup.files) {
    const fs::path place = folder->place_of(file.sha256);
    const std::string content = text_of(place);
    if (content.empty()) continue;
    std::string flipped = content;
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    write(place, flipped);
    EXPECT_EQ(damaged(), 1U) << file.path;
    const auto restored = restore();
    ASSERT_FALSE(restored) << file.path;
    EXPECT_EQ(restored.error().code, ErrorCode::corrupt);
    EXPECT_NE(restored.error().message.find(file.path), std::string::npos) << restored.error().message;
    EXPECT_FALSE(fs::exists(other())) << "nothing was made";
    fs::remove(place);
    EXPECT_EQ(damaged(), 1U) << file.path;
    EXPECT_FALSE(restore());
    write(place, content);
  }
  EXPECT_EQ(damaged(), 0U);
  EXPECT_TRUE(restore());
}

TEST_F(BackupTest, ADirectoryThatHoldsSomethingIsLeftAloneUnlessItIsSetAside) {
  {
    auto opened = open(data());
    grow(*opened.store, 0, 40);
    ASSERT_TRUE(back_up(opened));
  }
  write(other() / "store/holiday.jpg", "beach");
  write(other() / "notes.txt", "mine");
  const auto before = listing(other());
  const auto refused = restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(listing(other()), before);
  const auto forced = restore([](RestoreOrder& order) { order.replaces = true; });
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_EQ(text_of(fs::path(forced->set_aside) / "notes.txt"), "mine");
  EXPECT_EQ(text_of(fs::path(forced->set_aside) / "store/holiday.jpg"), "beach");
  EXPECT_TRUE(open(other()).store);
}

TEST_F(BackupTest, AHalfRestoredDirectoryIsKnownAsOneUntilItIsRestoredAgain) {
  {
    auto opened = open(data());
    grow(*opened.store, 0, 40);
    ASSERT_TRUE(back_up(opened));
  }
  // As a kill between two moves leaves it.
  write(other() / "sources.json", "{}");
  write(other() / ".restoring/store/CURRENT", "x");
  EXPECT_TRUE(is_half_restored(other())) << "App::open asks this";
  ASSERT_TRUE(restore());
  EXPECT_FALSE(is_half_restored(other()));
  EXPECT_TRUE(open(other()).store);
}

TEST_F(BackupTest, ADirectoryOfAnotherKindOrTheDataDirectoryItselfIsRefused) {
  auto opened = open(data());
  write(backups() / "holiday.jpg", "beach");
  const auto refused = back_up(opened);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(listing(backups()), std::set<std::string>{"holiday.jpg"});
  for (const fs::path& inside : {data(), data() / "backups", data() / "../data/x"}) {
    const auto made = opened.backups->make(inside.string(), 0, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid);
  }
  EXPECT_FALSE(fs::exists(data() / "backups"));
  EXPECT_EQ(restore().error().code, ErrorCode::not_found);
}

TEST_F(BackupTest, OneAtATimeGoesIntoADirectory) {
  auto opened = open(data());
  grow(*opened.store, 0, 20);
  auto folder = BackupFolder::open_to_write(backups());
  ASSERT_TRUE(folder);
  const auto second = back_up(opened);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_TRUE(opened.backups->is_late()) << "the operator hears of it";
}

TEST_F(BackupTest, ANewerStoreFormatIsRefusedByName) {
  {
    auto opened = open(data());
    ASSERT_TRUE(back_up(opened));
  }
  Backup backup = whole().front();
  backup.store_format = store_format_written() + 1;
  write(backups() / "backups" / (backup.id + ".json"), write_manifest(backup));
  const auto restored = restore();
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::corrupt);
  EXPECT_NE(restored.error().message.find("newer Takt"), std::string::npos) << restored.error().message;
  EXPECT_FALSE(fs::exists(other()));
}

TEST_F(BackupTest, WhoWasErasedSinceDoesNotComeBack) {
  {
    auto opened = open(data());
    grow(*opened.store, 0, 40);
    ASSERT_TRUE(back_up(opened));
  }
  const ErasureNote one{UtcTime(Duration(1'000)), "salt:abc"}, two{UtcTime(Duration(2'500)), "salt:def"};
  const auto told = note_erasure(data(), one);
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->told, std::vector<std::string>{backups().string()});
  ASSERT_TRUE(note_erasure(data(), two));

  const auto nobody_can = restore();
  ASSERT_FALSE(nobody_can);
  EXPECT_EQ(nobody_can.error().code, ErrorCode::not_built);
  EXPECT_FALSE(fs::exists(other()));

  std::vector<ErasureNote> seen;
  const auto fails = restore([&](RestoreOrder& order) { order.apply_erasures = [](Store&, std::span<const ErasureNote>) { return fail(ErrorCode::unavailable, "no"); }; });
  EXPECT_FALSE(fails);
  EXPECT_FALSE(fs::exists(other()));
  const auto restored = restore([&](RestoreOrder& order) {
    order.apply_erasures = [&](Store& store, std::span<const ErasureNote> erasures) -> Status {
      seen.assign(erasures.begin(), erasures.end());
      return store.documents().put({"erased", "x", 0, "{}", {}, "test"}, std::nullopt) ? Status{} : fail(ErrorCode::unavailable, "put");
    };
  });
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->erased, 2U);
  EXPECT_EQ(seen, (std::vector<ErasureNote>{one, two}));
  EXPECT_EQ(*read_erasures(other()), seen) << "backups of the restored directory tell the next places";
  auto opened = open(other());
  EXPECT_TRUE(*opened.store->documents().get("erased", "x")) << "what was applied is in the restored store";
}

TEST_F(BackupTest, AListOfTheErasedIsNeverReadHalf) {
  ASSERT_TRUE(append_erasures(directory_.path(), std::vector<ErasureNote>{{UtcTime(Duration(5)), "a"}, {UtcTime(Duration(6)), "b"}}));
  const fs::path file = fs::path(directory_.path()) / "erasures";
  const std::string whole_list = text_of(file);
  write(file, whole_list + "1970-01-01T00:00:00.007Z c"); // torn: never acknowledged
  EXPECT_EQ(read_erasures(directory_.path())->size(), 2U);
  ASSERT_TRUE(append_erasures(directory_.path(), std::vector<ErasureNote>{{UtcTime(Duration(8)), "d"}}));
  const auto read = read_erasures(directory_.path());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->back().subject, "d");
  EXPECT_EQ(read->size(), 3U);
  write(file, whole_list + "yesterday e\n");
  EXPECT_EQ(read_erasures(directory_.path()).error().code, ErrorCode::corrupt);
  for (const char* subject : {"", "two words", "line\nbreak", "\x7f"}) EXPECT_FALSE(append_erasures(directory_.path(), std::vector<ErasureNote>{{UtcTime{}, subject}})) << subject;
}

TEST_F(BackupTest, AnErasureNamesThePlacesItCouldNotReach) {
  auto opened = open(data());
  ASSERT_TRUE(back_up(opened));
  fs::rename(backups(), directory_.path() + "/unplugged");
  const auto told = note_erasure(data(), {UtcTime(Duration(9)), "x"});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->not_reached, std::vector<std::string>{backups().string()});
  fs::rename(directory_.path() + "/unplugged", backups());
  ASSERT_TRUE(back_up(opened)); // the next backup tells it
  EXPECT_EQ(read_erasures(backups())->size(), 1U);
  ASSERT_TRUE(back_up(opened));
  EXPECT_EQ(read_erasures(backups())->size(), 1U) << "once";
}

} // namespace
} // namespace takt::test
