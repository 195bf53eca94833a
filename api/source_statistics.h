#pragma once
/// What each source sent, by hour of arrival, for `takt doctor`: a source that forgets decision ids or sends product ids we do not
/// know is found here before anybody wonders why caps do not count. Kept in one small file (written at most once a minute and at
/// the end), so that commands beside the server and after it see the same. Threads: any. Cost: ~0.2 µs per event.
#include "core/event.h"
#include "core/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct SourceHour {
  std::map<std::string, std::uint64_t, std::less<>> events_by_name;
  std::map<std::string, std::uint64_t, std::less<>> unknown_products;   ///< the commonest; at most unknown_products_max
  std::map<std::string, std::uint64_t, std::less<>> own_of_decisions;   ///< events of the sender's own that name a decision: views by another name?
  std::uint64_t products = 0, products_known = 0;
  std::uint64_t impressions = 0, impressions_with_decision = 0;         ///< a decision id that can be one of ours
  std::uint64_t rejected = 0;
  std::uint64_t skewed = 0;                                             ///< arrived more than five minutes away from their own time
  std::int64_t skew_ms_max = 0;                                         ///< future only: a phone that is ahead
  void add(const SourceHour& other);
};

class SourceStatistics {
public:
  static constexpr std::size_t unknown_products_max = 1000;
  static constexpr std::size_t sources_max = 200;                       ///< further ones are counted together as "(others)"
  static constexpr std::size_t names_max = 200;

  /// `path` "" = not kept. A file that cannot be read is started anew.
  SourceStatistics(std::string path, UtcTime now);
  ~SourceStatistics();

  void note(std::span<const Event> events, const std::function<bool(const std::string&)>& knows_product, UtcTime now);
  void note_rejected(std::string_view source, std::uint64_t count, UtcTime now);
  /// The last 24 hours, by source.
  std::map<std::string, SourceHour> last_day(UtcTime now) const;
  void save(UtcTime now);
  /// Names of events and products that are one of these are counted no longer, in the file neither.
  void clear(UtcTime now);
  void forget(const std::set<std::string, std::less<>>& names, UtcTime now);

private:
  SourceHour& hour_of(std::string_view source, UtcTime now);
  void load();
  std::string path_;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::int64_t, SourceHour>, std::less<>> hours_;
  UtcTime saved_at_{};
  bool changed_ = false;
};

} // namespace takt
