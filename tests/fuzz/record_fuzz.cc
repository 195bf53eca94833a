// Any bytes as what the store keeps: a record, a journal entry, a logged decision. What is understood is written again in one way, and
// understood again. The first byte chooses.
#include "core/check.h"
#include "core/decision.h"
#include "core/record_codec.h"
#include "tests/fuzz/bytes.h"

namespace takt {
namespace {

template <class Decode, class Encode>
void check_bytes(std::string_view bytes, Decode decode, Encode encode) {
  const auto first = decode(bytes);
  if (!first) {
    TAKT_CHECK(first.error().code == ErrorCode::corrupt, "bad bytes are corrupt and nothing else");
    return;
  }
  const std::string written = encode(*first);
  const auto again = decode(written);
  TAKT_CHECK(again.has_value(), "what we write we can read");
  TAKT_CHECK(encode(*again) == written, "written again it is something else");
}

} // namespace
} // namespace takt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  const auto [choice, bytes] = fuzz::split(data, size);
  switch (choice % 3) {
    case 0: check_bytes(bytes, decode_record, encode_record); break;
    case 1: check_bytes(bytes, decode_journal_entry, encode_journal_entry); break;
    default: check_bytes(bytes, decode_decision, encode_decision); break;
  }
  return 0;
}
