// Any text as a marketer's policy. What is taken means the same when it is read again, and every check of it ends: lint, comparison.
#include "api/json/codecs.h"
#include "api/json/document_diff.h"
#include "core/check.h"
#include "engine/policy_lint.h"
#include "tests/fuzz/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace takt;
  static SymbolTable symbols; // grows: as in a process that reads many policies
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = parse_policy(text, symbols);
  if (!policy) {
    TAKT_CHECK(!policy.error().message.empty(), "a refusal says why");
    return 0;
  }
  const auto again = parse_policy(text, symbols);
  TAKT_CHECK(again && *again == *policy, "read twice, it means two things");
  static const auto catalogue = Catalogue::build({}, symbols, 0);
  static_cast<void>(lint_policy(*policy, Rulebook{}, *catalogue, symbols, utc_from_ms(1'764'000'000'000)));
  return 0;
}
