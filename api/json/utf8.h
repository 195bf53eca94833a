#pragma once
/// Is a text UTF-8 (RFC 3629)? JSON bodies are refused by their parser where they are not; this is for what comes by other ways. Pure.
#include <string_view>

namespace takt {

bool is_utf8(std::string_view text);

} // namespace takt
