#include "api/disk_guard.h"

#include <algorithm>
#include <fmt/format.h>

namespace takt {

void DiskGuard::read_with(DiskReader reader) {
  const std::lock_guard lock(mutex_);
  reader_ = std::move(reader);
}

std::optional<std::string> DiskGuard::look() {
  const std::lock_guard lock(mutex_);
  const auto space = reader_();
  if (!space) return std::nullopt;
  space_ = *space;
  const double share = space->free_share();
  const bool was_low = is_low_;
  const bool is_low = share < (was_low ? std::min(share_min_ * back_at, 1.0) : share_min_);
  is_low_ = is_low;
  if (is_low == was_low) return std::nullopt;
  if (is_low) return fmt::format("{:.1f} % of the disk is free, less than {:.1f} %: events are refused until there is room again; decisions go on", 100 * share, 100 * share_min_);
  return fmt::format("{:.1f} % of the disk is free again: events are taken", 100 * share);
}

std::optional<DiskSpace> DiskGuard::space() const {
  const std::lock_guard lock(mutex_);
  return space_;
}

Status DiskGuard::admit() const {
  if (!is_low_) return {};
  return fail(ErrorCode::unavailable, "the disk is nearly full: events are refused until there is room again. Send this one again later");
}

} // namespace takt
