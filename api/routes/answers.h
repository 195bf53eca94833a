#pragma once
/// Small things that several routes share: JSON answers, entity tags, paging.
#include "api/http_errors.h"
#include "api/router.h"
#include "core/result.h"
#include "store/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

HttpResponse json_answer(std::string body, int status = 200);
/// The value as JSON text, or the problem.
HttpResponse json_result(Result<std::string> result);

/// "\"12\"".
std::string etag_of(std::uint64_t version);
/// If-Match as a version: none where the header is absent or "*". Errors: invalid (not one of our tags).
Result<std::optional<std::uint64_t>> expected_version(const HttpRequest& request);
/// A lost update: 412 with the tag of what is there now.
HttpResponse stale_answer(std::uint64_t current);
/// Document with ETag; 304 where the caller has it already.
HttpResponse document_answer(const HttpRequest& request, const Document& document);

struct Page { std::size_t limit = 100; std::string after; };
/// ?limit=1…1000&cursor=…  Errors: invalid.
Result<Page> page_of(const HttpRequest& request);
/// {"data":[…],"next_cursor":…} of JSON texts; `last_id` is where the next page starts, where this one is full.
HttpResponse page_answer(const std::vector<std::string>& rows, const Page& page, const std::string& last_id);

/// "https://takt.shop.example", as the caller reached this server: for links in the answer to that caller, who may believe its own words.
/// "" where it does not say.
std::string address_of(const HttpRequest& request);

/// Query parameters that an endpoint does not know are refused, never ignored.
Status only_parameters(const HttpRequest& request, std::initializer_list<std::string_view> known);

} // namespace takt
