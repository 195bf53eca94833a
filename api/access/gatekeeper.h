#pragma once
/// Who is calling, and may they? While no key has been made everybody who reaches the port is an admin; then the server listens on loopback
/// only. From the first key on every route asks for one. Threads: any. Cost: a lookup and one SHA-256 (~1 µs).
#include "api/access/key.h"
#include "core/snapshot.h"
#include "store/store.h"

#include <mutex>

namespace takt {

/// What a request shows of its caller.
struct Credentials {
  std::string key;                                               ///< text; "" = none
  std::string origin;                                            ///< "" = no browser, or the same origin
};

class Gatekeeper {
public:
  explicit Gatekeeper(Documents& documents) : documents_(documents) {}
  /// Reads the keys. Errors: those of the store; corrupt.
  Status load();

  struct Verdict {
    Caller caller;
    int status = 0;                                              ///< 0 = come in; 401, 403, 429
    std::string_view code, detail;
    int retry_seconds = 0;                                       ///< of 429
  };
  struct Moment { UtcTime now; std::int64_t steady_nanos = 0; }; ///< rates run on the clock that nobody sets
  /// `origins` may use keys that name none. A request that is let in counts against the key's rate; revoked and made anew, the rate begins anew.
  Verdict admit(const Credentials& credentials, std::optional<Need> need, const std::vector<std::string>& origins, Moment moment) const;

  /// No key was ever made.
  bool is_open() const { return ring_.take()->empty(); }
  /// A page that some key names: preflights carry no key.
  bool knows_origin(std::string_view origin) const;

  Result<NewKey> create(AccessKey wanted, UtcTime now, const std::string& author);
  /// The first admin key, whose text an operator chose (a file that a deployment mounts). Does nothing where that key is there.
  Status install(std::string_view text, UtcTime now);
  Status revoke(const std::string& id, UtcTime now, const std::string& author);

  struct Listed { AccessKey key; std::optional<UtcTime> last_used_at; };
  std::vector<Listed> list() const;                              ///< by id; last use: since this process began

private:
  Status put(const AccessKey& key, UtcTime now, const std::string& author, std::optional<std::uint64_t> expected);
  Documents& documents_;
  Snapshot<KeyRing> ring_{std::make_shared<const KeyRing>()};
  std::mutex changing_;                                          ///< one change at a time
  mutable std::mutex used_mutex_;
  struct Use { UtcTime last{}; std::int64_t arrival_nanos = 0; };
  mutable std::map<std::string, Use> used_;
};

} // namespace takt
