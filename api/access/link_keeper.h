#pragma once
/// Keeps the keys that sign links: documents of the data directory (kind "link_key"), so that a backup has them and a restored server knows
/// the mails that are under way. The first is made at the first start. Threads: any. Cost: a lookup; making one, a write.
#include "api/access/link.h"
#include "core/snapshot.h"
#include "store/store.h"

#include <mutex>

namespace takt {

class LinkKeeper {
public:
  explicit LinkKeeper(Documents& documents) : documents_(documents) {}
  /// Reads the keys; makes the first. Errors: those of the store; corrupt; unavailable (no randomness).
  Status load(UtcTime now);
  std::shared_ptr<const LinkKeys> keys() const { return keys_.take(); }
  /// From now on a new key signs. `forget` the others: then no link that was given before is believed any more. Returns its number.
  /// Errors: conflict (255 keys were made).
  Result<std::uint8_t> rotate(bool forget, UtcTime now, const std::string& author);

private:
  Documents& documents_;
  std::mutex changing_;                              ///< one change at a time
  Snapshot<LinkKeys> keys_{std::make_shared<const LinkKeys>()};
};

} // namespace takt
