#pragma once
/// Problem documents (RFC 9457) of the HTTP layer itself, and the answer for an Error of ours. Threads: any.
#include "api/router.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// The one table from ErrorCode to a status is status_of() of api/json/codecs.h.
HttpResponse refuse(const Error& error);
/// For what has no ErrorCode: 405, 412, 428, 431 … `code` is stable and documented, `detail` one sentence.
HttpResponse refuse(int status, std::string_view code, std::string_view detail, const std::vector<FieldError>& fields = {});
/// The same document as text, where no HttpResponse is at hand (the library's own refusals).
std::string problem_text(int status, std::string_view code, std::string_view detail, const std::vector<FieldError>& fields = {});
std::string_view status_title(int status);

} // namespace takt
