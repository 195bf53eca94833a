#pragma once
/// gzip → plain bytes, never more than the limit: a bomb stops where the limit is, not where memory is. One member; what follows it is
/// refused. Threads: any. Cost: ~200 MB of plain text a second.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace takt {

enum class InflateEnd : std::uint8_t { complete, too_large, broken };

/// `plain` is what came out; without `complete` it is no use.
InflateEnd inflate_gzip(std::string_view packed, std::size_t bytes_max, std::string& plain);

} // namespace takt
