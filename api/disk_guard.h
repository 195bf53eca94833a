#pragma once
/// Is there room left? Below a share of the disk events are refused until there is clearly more again, while decisions go on: a grant is a few
/// hundred bytes, and what could not be asked for any more would be shown nothing. Threads: any; the answer is one atomic read.
#include "api/disk_space.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

namespace takt {

class DiskGuard {
public:
  /// `share_min` 0 = never low.
  DiskGuard(DiskReader reader, double share_min) : share_min_(share_min), reader_(std::move(reader)) {}

  /// From now on asks this one.
  void read_with(DiskReader reader);
  /// Asks the disk. A sentence where something has changed that an operator should read. What cannot be read changes nothing.
  std::optional<std::string> look();
  bool is_low() const { return is_low_; }
  double share_min() const { return share_min_; }
  /// As last read; none before the first look.
  std::optional<DiskSpace> space() const;
  /// The refusal, with its reason; ok where there is room.
  Status admit() const;

  /// Back to normal a little later than it came: at 1.4 times the share (7 % after 5 %), so that what is written meanwhile does not end it at once.
  static constexpr double back_at = 1.4;

private:
  const double share_min_;
  std::atomic<bool> is_low_ = false;
  mutable std::mutex mutex_;
  DiskReader reader_;
  std::optional<DiskSpace> space_;
};

} // namespace takt
