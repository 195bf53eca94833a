#pragma once
/// What-if as people ask for it: a policy document, a range, a sample; the report as JSON, as text, and as a picture. Reads only, beside live
/// traffic. Errors: those of a policy that is checked for publishing (pointers into it), /from, /to and /sample; those of the store.
/// Threads: any. Cost: engine/what_if/what_if.h.
#include "api/app.h"
#include "engine/what_if/what_if.h"

#include <string>
#include <string_view>

namespace takt {

// A preview answers somebody who waits, beside decisions that must not: one thread, and as many decisions as it makes in some seconds.
constexpr std::size_t preview_threads = 1;
constexpr std::size_t preview_decisions_max = 5'000;   ///< two to three seconds; the round that passes it is finished
constexpr std::size_t preview_customers_max = 2'000;   ///< where most were asked nothing in the range, their journals are read all the same
constexpr Duration preview_range = days(28);           ///< where no range is given: the last four weeks, as long as most windows

/// `now` ends an open range in the report's words only; options.progress and options.cancel are the caller's.
Result<what_if::Report> what_if_of(App& app, std::string_view policy_json, const what_if::Options& options);

/// {"from","to","sample"}, each optional; "" is {}. Bounded as above. Errors: malformed, invalid with a pointer.
Result<what_if::Options> preview_options(std::string_view body, UtcTime now);

/// One object; its fields are what a marketer would call them. `seconds` is how long it took.
std::string what_if_json(const what_if::Report& report, const SymbolTable& symbols, double seconds);
/// Tables, bars, and what cannot be known.
std::string what_if_text(const what_if::Report& report, const SymbolTable& symbols, double seconds);
/// A doubt of the weighted estimate as a sentence.
std::string_view doubt_text(std::string_view code);

} // namespace takt
