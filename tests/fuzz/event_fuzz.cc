// Any text as an event, a batch, a CloudEvent or a line of an import. What is taken can be kept and read again; a document that is written
// again is the same document. The first byte chooses.
#include "api/json/codecs.h"
#include "api/json/reader.h"
#include "core/check.h"
#include "core/limits.h"
#include "tests/fuzz/bytes.h"

#include <string>

namespace takt {
namespace {

const EventContext& context() {
  static const EventContext page{.source = "fuzz", .type_from_path = "track", .received_at = utc_from_ms(1'764'000'000'000)};
  return page;
}

void check_event(const Result<Event>& event) {
  if (!event) {
    TAKT_CHECK(!event.error().message.empty(), "a refusal says why");
    return;
  }
  TAKT_CHECK(event->raw.size() <= 2 * limits::event_bytes_max, "more is kept than came");
  JsonDocument kept;
  TAKT_CHECK(event->raw.empty() || kept.parse(event->raw), "what is kept is not JSON");
}

template <class Parse, class Write>
void check_document(std::string_view json, Parse parse, Write write) {
  const auto first = parse(json);
  if (!first) return;
  const auto again = parse(write(*first));
  TAKT_CHECK(again && *again == *first, "written again it is another document");
}

} // namespace
} // namespace takt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  const auto [choice, text] = fuzz::split(data, size);
  const ItemContext items{utc_from_ms(1'764'000'000'000), "EUR", {{"USD", 0.9}}};
  switch (choice % 9) {
    case 0: check_event(parse_event(text, context())); break;
    case 1:
      if (const auto batch = parse_event_batch(text, context()))
        for (const BatchItem& one : batch->items) check_event(one.event);
      break;
    case 2: {
      JsonDocument envelope;
      if (!envelope.parse(text)) break;
      if (const auto event = parse_cloud_event(envelope.root())) check_event(parse_event(event->segment_json, context()));
      break;
    }
    case 3:
      if (const auto line = parse_import_line(text, context(), items); line && line->event) check_event(*line->event);
      static_cast<void>(time_of_import_line(text));
      break;
    case 4: check_document(text, [&](std::string_view json) { return parse_item(json, items); }, write_item); break;
    case 5: check_document(text, parse_placement, write_placement); break;
    case 6: check_document(text, parse_custom_feature, write_custom_feature); break;
    case 7: check_document(text, parse_audience, write_audience); break;
    default: static_cast<void>(parse_condition(text, ConditionUse::filter)); break;
  }
  return 0;
}
