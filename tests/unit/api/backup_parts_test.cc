// What backups are made of: manifests, hashes, the guard of the disk.
#include "api/backup/durable_files.h"
#include "api/backup/manifest.h"
#include "api/disk_guard.h"
#include "tests/support/temp_dir.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace takt::test {
namespace {

using Json = nlohmann::json;

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(BackupManifest, IsReadAsItWasWrittenAndNoByteOfItMayChange) {
  const Backup backup{"20261122T221512.123Z", *parse_utc("2026-11-22T22:15:12.123Z"), "0.1.0", 1,
                      {{"artefacts/1/x.bin", std::string(64, 'a'), 5, "1:2:3"}, {"store/CURRENT", std::string(64, 'b'), 16, ""}}, 21, 5, 0.25};
  const std::string text = write_manifest(backup);
  const auto read = read_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, backup);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(read_manifest(changed)) << "byte " << i;
    if (i + 1 < text.size()) { // but for the end of the line
      EXPECT_FALSE(read_manifest(text.substr(0, i))) << "cut at " << i;
    }
  }
}

TEST(BackupManifest, NamesNoPathOutside) {
  for (const char* path : {"/etc/passwd", "../x", "store/../../x", "store//x", "./x", "store/", ""}) {
    const Backup backup{"20261122T221512.123Z", UtcTime(Duration(1)), "0.1.0", 1, {{path, std::string(64, 'a'), 5, ""}}, 5, 5, 0};
    EXPECT_FALSE(read_manifest(write_manifest(backup))) << path;
  }
  Json newer = Json::parse(write_manifest({"20261122T221512.123Z", UtcTime(Duration(1)), "9.0.0", 1, {}, 0, 0, 0}));
  newer["format"] = backup_format + 1;
  EXPECT_NE(read_manifest(newer.dump()).error().message.find("newer Takt"), std::string::npos);
}

TEST(BackupManifest, IdsAreTimes) {
  EXPECT_EQ(backup_id_of(*parse_utc("2026-11-22T22:15:12.123Z")), "20261122T221512.123Z");
  EXPECT_EQ(backup_id_of(*parse_utc("2026-11-22T22:15:12Z")), "20261122T221512.000Z");
  EXPECT_TRUE(is_backup_id("20261122T221512.000Z"));
  for (const char* text : {"", "20261122T221512.000", "20261122t221512.000Z", "x0261122T221512.000Z", "../../../../../../../x"}) EXPECT_FALSE(is_backup_id(text)) << text;
}

TEST(DurableFiles, HashesAsTheStandardSays) {
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const TempDir directory;
  const std::string long_text(3'000'000, 'a');
  std::ofstream(directory.path() + "/a") << long_text;
  const auto copied = copy_and_hash(directory.path() + "/a", directory.path() + "/b");
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->sha256, sha256_of(long_text));
  EXPECT_EQ(text_of(directory.path() + "/b"), long_text);
  EXPECT_EQ(*hash_file(directory.path() + "/b"), *copied);
  struct stat status {};
  ASSERT_EQ(::stat((directory.path() + "/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(DiskGuard, RefusesBelowTheShareAndTakesAgainWhenThereIsClearlyMore) {
  double free_share = 0.5;
  bool is_readable = true;
  DiskGuard guard([&]() -> Result<DiskSpace> {
    if (!is_readable) return fail(ErrorCode::unavailable, "gone");
    return DiskSpace{static_cast<std::uint64_t>(free_share * 1e6), 1'000'000};
  }, 0.05);
  const auto low_at = [&](double share) {
    free_share = share;
    static_cast<void>(guard.look());
    return guard.is_low();
  };
  EXPECT_TRUE(guard.admit()) << "before the first look";
  EXPECT_FALSE(low_at(0.0501));
  EXPECT_TRUE(low_at(0.049));
  EXPECT_EQ(guard.admit().error().code, ErrorCode::unavailable);
  EXPECT_TRUE(low_at(0.069)) << "a little more does not end it";
  EXPECT_FALSE(low_at(0.071));
  EXPECT_FALSE(low_at(0.051)) << "and a little less does not begin it";
  EXPECT_TRUE(low_at(0.01));
  is_readable = false;
  EXPECT_TRUE(low_at(0.9)) << "what cannot be read changes nothing";
  is_readable = true;
  free_share = 0.9;
  EXPECT_TRUE(guard.look().has_value()) << "the operator hears of the change";
  EXPECT_FALSE(guard.look().has_value()) << "once";
}

TEST(DiskGuard, NoShareIsNeverLow) {
  DiskGuard guard([]() -> Result<DiskSpace> { return DiskSpace{0, 1000}; }, 0);
  EXPECT_FALSE(guard.look());
  EXPECT_TRUE(guard.admit());
}

} // namespace
} // namespace takt::test
