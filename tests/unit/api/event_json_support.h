#pragma once
/// Contexts and short ways to parse an event, for the tests of api/json/event.cc.
#include "api/json/codecs.h"

#include <gtest/gtest.h>
#include <string>

namespace takt {

inline UtcTime at(std::string_view text) { return *parse_utc(text); }

inline EventContext over_http() {
  EventContext context;
  context.source = "shop";
  context.received_at = at("2026-03-05T12:00:00Z");
  return context;
}
inline EventContext import() {
  EventContext context;
  context.source = "import";
  context.received_at_from_line = true;
  return context;
}
inline Event parsed(const std::string& json, const EventContext& context = over_http()) {
  auto event = parse_event(json, context);
  EXPECT_TRUE(event) << json << " " << (event ? "" : event.error().message);
  return event ? *std::move(event) : Event{};
}
inline Error refused(const std::string& json, const EventContext& context = over_http()) {
  auto event = parse_event(json, context);
  EXPECT_FALSE(event) << json;
  return event ? Error{} : event.error();
}
/// A track event of u1 with these properties.
inline std::string track(const std::string& name, const std::string& properties, const std::string& more = "") {
  return R"({"type":"track","userId":"u1","messageId":"m1","event":")" + name + R"(","properties":)" + properties + more + "}";
}

} // namespace takt
