// Batches, import lines and the ids of events that bring none (contract.md §2 and §4).
#include "api/json/line_ordinals.h"
#include "core/limits.h"
#include "tests/unit/api/event_json_support.h"

namespace takt {
namespace {

TEST(MessageId, AnImportedLineWithoutOneIsNamedByItsContentWheneverItIsImported) {
  const std::string line = R"({"type":"track","userId":"u1","event":"x","timestamp":"2024-01-02T03:04:05Z"})";
  EventContext later = import();
  later.received_at = at("2026-03-06T12:00:00Z");
  EXPECT_EQ(parsed(line, import()).message_id, parsed(line, later).message_id);
  EXPECT_TRUE(parsed(line, import()).message_id.starts_with("content-"));
  EXPECT_NE(parsed(line, import()).message_id, parsed(R"({"type":"page","userId":"u1","timestamp":"2024-01-02T03:04:05Z"})", import()).message_id);
}

TEST(MessageId, OverHttpAMissingMessageIdIsMintedPerReceiptAndPlaceInTheBatch) {
  const std::string one = R"({"type":"track","userId":"u1","event":"x"})";
  EventContext later = over_http();
  later.received_at += Duration{1};
  EXPECT_NE(parsed(one).message_id, parsed(one, later).message_id);
  EXPECT_EQ(parsed(one).message_id, parsed(one).message_id);
  const auto batch = parse_event_batch("{\"batch\":[" + one + "," + one + "]}", over_http());
  ASSERT_TRUE(batch && batch->items[0].event && batch->items[1].event);
  EXPECT_NE(batch->items[0].event->message_id, batch->items[1].event->message_id);
}

TEST(LineOrdinals, CountsEveryHashAcrossGrowth) {
  LineOrdinals ordinals;
  for (std::uint32_t round = 0; round < 3; ++round)
    for (std::uint64_t hash = 0; hash < 5000; ++hash) ASSERT_EQ(ordinals.next(hash * 0x9e3779b97f4a7c15ULL), round) << hash;
}

TEST(EventBatch, ABatchMergesItsContextAndJudgesEachEvent) {
  const std::string json = R"({"writeKey":"wk","sentAt":"2026-03-05T13:00:00Z","context":{"locale":"de","library":{"name":"analytics.js"}},"batch":[
    {"type":"track","event":"x","userId":"u1","messageId":"m1","timestamp":"2026-03-05T12:59:50Z","context":{"locale":"fr"}},
    {"type":"track","event":"x","messageId":"m2"}, 7,
    {"type":"page","anonymousId":"a","messageId":"m3"}]})";
  const auto batch = parse_event_batch(json, over_http());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->write_key, "wk");
  ASSERT_EQ(batch->items.size(), 4U);
  ASSERT_TRUE(batch->items[0].event);
  EXPECT_EQ(batch->items[0].event->locale, "fr");
  EXPECT_EQ(batch->items[0].event->channel, "web");
  EXPECT_EQ(batch->items[0].event->occurred_at, at("2026-03-05T11:59:50Z"));
  EXPECT_EQ(batch->items[0].event->raw.front(), '{');
  EXPECT_FALSE(batch->items[1].event);
  EXPECT_EQ(batch->items[1].message_id, "m2");
  EXPECT_FALSE(batch->items[2].event);
  ASSERT_TRUE(batch->items[3].event);
  EXPECT_EQ(batch->items[3].event->locale, "de");
}

TEST(EventBatch, BatchesAndEventsAreBounded) {
  EXPECT_EQ(parse_event_batch("[]", over_http()).error().code, ErrorCode::invalid);
  EXPECT_EQ(parse_event_batch("null", over_http()).error().code, ErrorCode::invalid);
  EXPECT_EQ(parse_event_batch("", over_http()).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_event_batch("{}", over_http()).error().fields.at(0).pointer, "/batch");
  EXPECT_TRUE(parse_event_batch(R"({"batch":[]})", over_http()));
  std::string many = R"({"batch":[0)";
  for (std::size_t i = 1; i < limits::batch_events_max; ++i) many += ",0";
  EXPECT_TRUE(parse_event_batch(many + "]}", over_http()));
  EXPECT_EQ(parse_event_batch(many + ",0]}", over_http()).error().code, ErrorCode::too_large);
  const std::string frame = R"({"type":"track","event":"x","userId":"u","p":""})";
  const auto sized = [&](std::size_t bytes) { return frame.substr(0, frame.size() - 2) + std::string(bytes - frame.size(), 'x') + "\"}"; };
  EXPECT_TRUE(parse_event(sized(limits::event_bytes_max), over_http()));
  EXPECT_EQ(refused(sized(limits::event_bytes_max + 1)).code, ErrorCode::too_large);
  const auto batch = parse_event_batch("{\"batch\":[" + sized(limits::event_bytes_max + 1) + "," + frame + "]}", over_http());
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->items[0].event.error().code, ErrorCode::too_large);
  EXPECT_TRUE(batch->items[1].event);
  EXPECT_EQ(parse_event_batch("{\"batch\":[\"" + std::string(limits::body_inflated_bytes_max, 'x') + "\"]}", over_http()).error().code, ErrorCode::too_large);
}

// ---- import lines

TEST(ImportLine, EventsAndDocumentsAreToldApartByType) {
  const ItemContext items{at("2026-03-05T12:00:00Z"), "EUR", {}};
  auto event = parse_import_line(track("x", "{}", R"(,"timestamp":"2024-01-02T03:04:05Z")"), import(), items);
  ASSERT_TRUE(event && event->event);
  EXPECT_EQ(event->kind, ImportLine::Kind::event);
  auto item = parse_import_line(R"({"type":"item","id":"sku-1","title":"A \"b\"","attributes":{"type":"x"}})", import(), items);
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item->kind, ImportLine::Kind::item);
  EXPECT_EQ(item->id, "sku-1");
  EXPECT_EQ(item->json, R"({"id":"sku-1","title":"A \"b\"","attributes":{"type":"x"}})");
  auto placement = parse_import_line(R"({"id":"home","type":"placement"})", import(), items);
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->kind, ImportLine::Kind::placement);
  EXPECT_EQ(placement->json, R"({"id":"home"})");
  const auto audience = parse_import_line(R"({"type":"audience","id":"vip","customers":["u1"]})", import(), items);
  ASSERT_TRUE(audience) << audience.error().message;
  EXPECT_EQ(audience->kind, ImportLine::Kind::audience);
  EXPECT_EQ(audience->id, "vip");
  for (const char* type : {"fact", "list"})
    EXPECT_EQ(parse_import_line(R"({"type":")" + std::string(type) + "\",\"id\":\"x\"}", import(), items).error().code, ErrorCode::not_built);
  EXPECT_EQ(parse_import_line(R"({"type":"item","id":"sku-1","colour":"red"})", import(), items).error().fields.at(0).pointer, "/colour");
  EXPECT_EQ(parse_import_line(R"({"id":"sku-1"})", import(), items).error().fields.at(0).pointer, "/type");
}

TEST(ImportLine, TheNewestTimeOfALine) {
  EXPECT_EQ(time_of_import_line(R"({"timestamp":"2024-01-02T03:04:05Z","receivedAt":"2024-01-02T03:05:00Z"})"), at("2024-01-02T03:05:00Z"));
  EXPECT_EQ(time_of_import_line(R"({"type":"item","id":"x"})"), std::nullopt);
  EXPECT_EQ(time_of_import_line("garbage"), std::nullopt);
  EXPECT_EQ(time_of_import_line("[]"), std::nullopt);
}

} // namespace
} // namespace takt
