#pragma once
/// Files of the source tree that the program carries in itself (cmake/embed_files.cmake): nothing has to be installed beside it.
/// Pure; the bytes live as long as the process.
#include <string_view>

namespace takt {

std::string_view openapi_json();          ///< api/openapi.json
std::string_view docs_html();             ///< api/docs.html

} // namespace takt
