#pragma once
/// What /metrics shows, with the names and buckets that docs/api.md lists. Labels are bounded: routes are patterns, event types and
/// reasons are enums, placements are configured ones. Threads: any. Cost: ~0.3 µs per observation.
#include "api/front/counters.h"
#include "core/decision.h"
#include "core/event.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace takt {

struct UpkeepFigures;                                // api/upkeep.h

enum class EventResult : std::uint8_t { accepted, duplicate, rejected };

class Metrics {
public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void http_request(std::string_view route, std::string_view method, int status, double seconds);
  void decision(const Decision& decision);
  void decision_failed(std::string_view code);
  void event(EventType type, EventResult result, std::uint64_t count = 1);
  void event_refused();                              ///< could not even be parsed
  void items(std::size_t count);                     ///< gauge: items in the served catalogue
  void labels(std::size_t count);                    ///< gauge: names in the dictionary
  void recall(std::uint64_t searches, double recall_at_100); ///< gauges: of the sampled searches since the start
  void upkeep(const UpkeepFigures& figures);              ///< disk and backups
  /// Where connections are counted; asked at each text(). An empty function: nowhere.
  void set_front(std::function<FrontCounts()> counts);
  /// Where lines of the log are counted that nobody took; an empty function: nowhere.
  void set_log(std::function<std::uint64_t()> dropped);
  /// Prometheus text format.
  std::string text() const;

private:
  struct Families;
  std::unique_ptr<Families> families_;
};

std::string_view to_text(EventType type);
constexpr std::string_view version_text = "0.1.0";

} // namespace takt
