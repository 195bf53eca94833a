#pragma once
/// takt.toml and TAKT_* variables as validated types. Every field: unit, default, range, why you would change it.
#include "api/upkeep_config.h"
#include "api/log_format.h"
#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct Config {
  std::string data_dir = "./takt-data";          ///< one process owns it
  std::string listen = "127.0.0.1:8080";         ///< host:port; port 0 = any free one. Only loopback until a key is made
  int http_threads = 16;                         ///< 1..1024. They answer requests; connections need none. More where answers wait for a slow disk
  std::size_t connections_max = 10'000;          ///< 10..1000000. At the limit the one that is idle for the longest is closed; open files may limit it further
  double rate_per_address = 0;                   ///< 0..1e6 requests a second of one peer, sustained; 0 = no limit. IPv6: of its /64
  double rate_burst = 100;                       ///< 1..1e6. How many of them at once, after a silence
  bool rate_loopback = false;                    ///< callers on this machine are limited too
  std::vector<std::string> trusted_proxies;      ///< "127.0.0.1", "10.0.0.0/8": whose X-Forwarded-For says who asks. None by default; needs a key
  LogFormat log_format = LogFormat::none;        ///< "text" or "json": a line per request on standard error
  bool durable_decisions = false;                ///< durability.decide = "fsync": survives power loss, costs a device sync per answer
  Duration dedupe_life = days(7);                ///< 1h..30d. How long a message id is remembered over HTTP
  std::string account_currency = "EUR";          ///< ISO 4217: what values and scores are in
  std::map<std::string, double> rates;           ///< one unit of that currency in the account's; items in others are refused
  double margin = 0.3;                           ///< 0..1. Worth of a response where an item has only a price
  std::size_t cache_bytes = 0;                   ///< 16 MiB..64 GiB; 0 = a server takes an eighth of the memory it may use, commands 256 MiB. Half for decoded records
  std::size_t body_bytes_max = std::size_t{1} << 20;
  std::vector<std::string> allowed_origins;      ///< "https://shop.example": pages that may call from a browser (CORS). None by default
  std::string public_url;                        ///< "https://takt.shop.example": how people's mail programs reach this server, for links in answers; "" = as the caller did
  std::vector<std::string> identity_secrets;     ///< 32 to 128 characters: publishable keys must sign user ids with one of them (docs/access.md); none = they need not
  std::string bootstrap_key_file;                ///< a file with the text of the first admin key, which a deployment mounts; "" = none
  UpkeepConfig upkeep;                           ///< backups, room, retention
  bool simulation = false;                       ///< `now` may be given; only in a directory made with --simulation
  bool must_exist = false;                       ///< an absent data directory is refused, not made; set by the command, not by a file
  bool bulk_load = false;                        ///< larger write buffers; set by `takt import` when it owns the directory, not by a file
  bool operator==(const Config&) const = default;
};

constexpr const char* config_file_default = "takt.toml";

/// File (may be absent when it is the default name), then environment (TAKT_LISTEN, TAKT_DURABILITY_DECIDE, TAKT_RATES_USD …).
/// Keys: bootstrap_key_file public_url identity_secret data_dir listen http_threads connections_max rate_per_address rate_burst rate_loopback trusted_proxies log_format durability.decide
/// dedupe_life account_currency rates.XXX margin cache_bytes body_bytes_max allowed_origins simulation backup_dir backup_every backup_keep disk_free_min
/// retention.{decisions,decisions_bytes,journal,audit}. Sizes: a number of bytes or "256MiB". An unknown key or TAKT_ variable is refused. Errors: invalid with line numbers or the variable's name.
Result<Config> load_config(const std::string& path, const std::map<std::string, std::string>& environment);
/// What `cache_bytes` stands for in a server that was told nothing: an eighth of the machine's memory, or of its container's; 256 MiB at least.
std::size_t cache_bytes_of_server();

/// The variables of this process.
std::map<std::string, std::string> process_environment();

/// "127.0.0.1:8080", "localhost:0", "[::1]:8080", "0.0.0.0:8080". Errors: invalid (not host:port; a name other than localhost). Any other
/// than a loopback address is served only once there is a key: until then whoever reaches the port may read everything.
struct ListenAddress { std::string host; int port = 0; bool is_loopback = true; };
Result<ListenAddress> parse_listen(std::string_view text);

} // namespace takt
