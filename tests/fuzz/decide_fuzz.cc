// Any text as the question of a front end. What is taken is logged, and comes back from the log as it was.
#include "api/json/codecs.h"
#include "core/check.h"
#include "core/limits.h"
#include "tests/fuzz/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  AnswerWishes wishes;
  const auto request = parse_decision_request({reinterpret_cast<const char*>(data), size}, &wishes);
  if (!request) {
    TAKT_CHECK(!request.error().message.empty(), "a refusal says why");
    return 0;
  }
  TAKT_CHECK(!request->placements.empty() && request->placements.size() <= limits::placements_per_call_max, "a question asks for something, within the limit");
  const auto logged = decode_decision(encode_decision({*request, {}}));
  TAKT_CHECK(logged && logged->request == *request, "the log holds another question");
  return 0;
}
