#include "api/config.h"

#include "tests/support/temp_dir.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace takt {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
protected:
  std::string write(const std::string& text) {
    const std::string path = directory_.path() + "/takt.toml";
    std::ofstream(path) << text;
    return path;
  }
  std::string error_of(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
    const auto config = load_config(write(text), environment);
    return config ? "" : config.error().message;
  }
  test::TempDir directory_;
};

TEST_F(ConfigTest, DefaultsWithoutAFile) {
  const auto config = load_config(config_file_default, {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, Config{});
}

TEST_F(ConfigTest, AFileThatWasNamedMustExist) { EXPECT_FALSE(load_config(directory_.path() + "/other.toml", {})); }

TEST_F(ConfigTest, ReadsEveryKey) {
  const auto config = load_config(write(R"(data_dir = "/tmp/x"
listen = "localhost:9000"
http_threads = 8
connections_max = 2000
rate_per_address = 20.5
rate_burst = 40
rate_loopback = true
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
log_format = "json"
bootstrap_key_file = "/run/secrets/takt"
public_url = "https://takt.shop.example/"
identity_secret = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"]
dedupe_life = "1d"
account_currency = "CHF"
margin = 0.2
cache_bytes = "64MiB"
body_bytes_max = 65536
allowed_origins = ["https://shop.example"]
simulation = true
backup_dir = "/mnt/backups"
backup_every = "5m"
backup_keep = 48
disk_free_min = "7%"
[retention]
decisions = "90d"
decisions_bytes = "100GiB"
journal = "500d"
audit = "1000d"
[durability]
decide = "fsync"
[rates]
EUR = 0.95
)"), {});
  ASSERT_TRUE(config) << config.error().message;
  Config expected;
  expected.data_dir = "/tmp/x";
  expected.public_url = "https://takt.shop.example";
  expected.identity_secrets = {"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"};
  expected.listen = "localhost:9000";
  expected.http_threads = 8;
  expected.connections_max = 2000;
  expected.rate_per_address = 20.5;
  expected.rate_burst = 40;
  expected.rate_loopback = true;
  expected.trusted_proxies = {"127.0.0.1", "10.0.0.0/8"};
  expected.log_format = LogFormat::json;
  expected.bootstrap_key_file = "/run/secrets/takt";
  expected.dedupe_life = days(1);
  expected.account_currency = "CHF";
  expected.margin = 0.2;
  expected.cache_bytes = std::size_t{64} << 20;
  expected.body_bytes_max = 65536;
  expected.allowed_origins = {"https://shop.example"};
  expected.simulation = true;
  expected.upkeep = {"/mnt/backups", std::chrono::minutes(5), 48, 0.07, days(90), std::uint64_t{100} << 30, days(500), days(1000)};
  expected.durable_decisions = true;
  expected.rates = {{"EUR", 0.95}};
  EXPECT_EQ(*config, expected);
}

TEST_F(ConfigTest, EnvironmentOverridesTheFile) {
  const auto config = load_config(write("listen = \"127.0.0.1:1\"\n[durability]\ndecide = \"wal\"\n"),
                                  {{"TAKT_LISTEN", "127.0.0.1:2"}, {"TAKT_DURABILITY_DECIDE", "fsync"}, {"TAKT_RATES_USD", "0.9"},
                                   {"TAKT_ALLOWED_ORIGINS", "https://a.example,https://b.example"}, {"TAKT_TRUSTED_PROXIES", "::1,fd00::/8"}, {"TAKT_SHARED", "../shared"}, {"HOME", "/"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, "127.0.0.1:2");
  EXPECT_TRUE(config->durable_decisions);
  EXPECT_DOUBLE_EQ(config->rates.at("USD"), 0.9);
  EXPECT_EQ(config->allowed_origins.size(), 2U);
  EXPECT_EQ(config->trusted_proxies, (std::vector<std::string>{"::1", "fd00::/8"}));
}

TEST_F(ConfigTest, ErrorsNameTheLine) {
  EXPECT_THAT(error_of("data_dir = \"x\"\nhttp_threads = 0\n"), HasSubstr("takt.toml:2: http_threads"));
  EXPECT_THAT(error_of("listen = \"127.0.0.1:1\"\n\nlisten2 = 1\n"), HasSubstr("takt.toml:3: unknown key listen2"));
  EXPECT_THAT(error_of("a = = 1\n"), HasSubstr("takt.toml:1:"));
  EXPECT_THAT(error_of("[durability]\ndecide = \"maybe\"\n"), HasSubstr("\"wal\" or \"fsync\""));
  EXPECT_THAT(error_of("margin = 1.5"), HasSubstr("margin"));
  EXPECT_THAT(error_of("margin = nan"), HasSubstr("margin"));
  EXPECT_THAT(error_of("http_threads = 8.5"), HasSubstr("http_threads"));
  for (const char* line : {"connections_max = 9", "connections_max = 1000001", "rate_per_address = -1", "rate_per_address = \"nan\"", "rate_burst = 0.5", "rate_loopback = 1", "log_format = \"xml\"", "trusted_proxies = [\"proxy.example\"]", "trusted_proxies = [\"10.1.0.0/8\"]"})
    EXPECT_THAT(error_of(line), HasSubstr(std::string(line).substr(0, std::string_view(line).find(' ')))) << line;
  for (const char* line : {"backup_every = \"59s\"", "backup_every = 5", "backup_keep = 0", "disk_free_min = \"51%\"", "disk_free_min = -0.1", "disk_free_min = \"nan%\""})
    EXPECT_THAT(error_of(line), HasSubstr(std::string(line).substr(0, std::string_view(line).find(' ')))) << line;
  for (const char* line : {"decisions = \"23h\"", "decisions_bytes = 1000", "decisions_bytes = \"-1GiB\"", "audit = \"forever\"", "journal = \"59d\"", "records = \"400d\""})
    EXPECT_THAT(error_of(std::string("[retention]\n") + line), HasSubstr("retention.")) << line;
  EXPECT_EQ(load_config(write("disk_free_min = 0.04\n"), {{"TAKT_RETENTION_DECISIONS_BYTES", "2GiB"}})->upkeep.retention_decisions_bytes, std::uint64_t{2} << 30);
  EXPECT_THAT(error_of("http_threads = [1]"), HasSubstr("http_threads"));
  EXPECT_THAT(error_of("[rates]\neuro = 1"), HasSubstr("ISO 4217"));
  EXPECT_THAT(error_of("", {{"TAKT_LISTN", "x"}}), HasSubstr("TAKT_LISTN"));
}

TEST_F(ConfigTest, ListensOnAddressesAndOnNoNameButOne) {
  for (const char* good : {"127.0.0.1:8080", "127.1.2.3:0", "localhost:1", "[::1]:65535"}) {
    ASSERT_TRUE(parse_listen(good)) << good;
    EXPECT_TRUE(parse_listen(good)->is_loopback) << good;
  }
  for (const char* open : {"0.0.0.0:8080", "10.0.0.1:80", "[::]:80"}) {
    ASSERT_TRUE(parse_listen(open)) << open;
    EXPECT_FALSE(parse_listen(open)->is_loopback) << open;
  }
  for (const char* bad : {"shop.example:80", "127.0.0.1", ":80", "127.0.0.1:65536", "127.0.0.1:x", "127.evil.example:80"})
    EXPECT_FALSE(parse_listen(bad)) << bad;
  EXPECT_THAT(error_of("listen = \"shop.example:80\""), HasSubstr("localhost"));
}

} // namespace
} // namespace takt
