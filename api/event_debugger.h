#pragma once
/// The events that came last over HTTP, taken or refused, and why: what somebody who has just put an SDK into a page looks at first. In
/// memory only, bounded, empty after a restart; the text of an event is cut. Threads: any. Cost: one short lock and a copy per event.
#include "core/time.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct SeenEvent {
  std::uint64_t number = 0;                ///< set by add: many come in one millisecond
  enum class Result : std::uint8_t { accepted, duplicate, rejected };
  UtcTime at{};
  Result result = Result::accepted;
  std::string source;                      ///< write key
  std::string type, name, message_id, person;
  std::string code, message, pointer;      ///< of a refusal; the message also of what was taken and misses something
  std::string text;                        ///< as it came, at most text_bytes_max
};

class EventDebugger {
public:
  static constexpr std::size_t events_max = 200;       ///< a screen or two; a batch of thousands must not become megabytes
  static constexpr std::size_t text_bytes_max = 2048;
  void add(SeenEvent event);
  void clear();

  struct Filter { std::string source; bool only_rejected = false; std::size_t limit = events_max; };
  std::vector<SeenEvent> newest(const Filter& filter) const;   ///< newest first

private:
  mutable std::mutex mutex_;
  std::uint64_t added_ = 0;
  std::deque<SeenEvent> events_, rejected_;            ///< refused ones are kept apart: good ones must not push them out
};

/// {"data":[…],"next_cursor":null}
std::string write_seen_events(const std::vector<SeenEvent>& events);

} // namespace takt
