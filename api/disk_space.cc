#include "api/disk_space.h"

#include <cerrno>
#include <cstring>
#include <sys/statvfs.h>

namespace takt {

Result<DiskSpace> read_disk_space(const std::string& directory) {
  struct statvfs status {};
  if (::statvfs(directory.c_str(), &status) != 0) return fail(ErrorCode::unavailable, "cannot ask how full the disk of " + directory + " is: " + std::strerror(errno));
  const auto unit = static_cast<std::uint64_t>(status.f_frsize);
  // What root alone may use is neither free nor a part of the whole, as in df.
  const std::uint64_t used = (status.f_blocks - status.f_bfree) * unit, free = status.f_bavail * unit;
  return DiskSpace{free, used + free};
}

} // namespace takt
