#include "api/event_debugger.h"

#include "api/json/writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace takt {

void EventDebugger::add(SeenEvent event) {
  if (event.text.size() > text_bytes_max) event.text.resize(text_bytes_max);
  const std::lock_guard lock(mutex_);
  std::deque<SeenEvent>& kept = event.result == SeenEvent::Result::rejected ? rejected_ : events_;
  event.number = ++added_;
  kept.push_back(std::move(event));
  if (kept.size() > events_max) kept.pop_front();
}

void EventDebugger::clear() {
  const std::lock_guard lock(mutex_);
  events_.clear();
  rejected_.clear();
}

std::vector<SeenEvent> EventDebugger::newest(const Filter& filter) const {
  std::vector<SeenEvent> found;
  {
    const std::lock_guard lock(mutex_);
    const auto wanted = [&](const SeenEvent& event) { return filter.source.empty() || event.source == filter.source; };
    std::copy_if(rejected_.begin(), rejected_.end(), std::back_inserter(found), wanted);
    if (!filter.only_rejected) std::copy_if(events_.begin(), events_.end(), std::back_inserter(found), wanted);
  }
  std::sort(found.begin(), found.end(), [](const SeenEvent& a, const SeenEvent& b) { return a.number > b.number; });
  if (found.size() > filter.limit) found.resize(filter.limit);
  return found;
}

std::string write_seen_events(const std::vector<SeenEvent>& events) {
  static constexpr std::string_view results[]{"accepted", "duplicate", "rejected"};
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const SeenEvent& event : events) {
    json.begin_object().field("at", event.at).field("result", results[static_cast<std::size_t>(event.result)]).field("source", event.source);
    json.field_or_null("type", event.type).field_or_null("event", event.name).field_or_null("message_id", event.message_id).field_or_null("person", event.person);
    if (event.result == SeenEvent::Result::rejected) json.field("code", event.code).field("message", event.message).field_or_null("pointer", event.pointer);
    else if (!event.message.empty()) json.field("message", event.message);
    json.field("text", event.text).end_object();
  }
  json.end_array().key("next_cursor").null().end_object();
  return json.take();
}

} // namespace takt
