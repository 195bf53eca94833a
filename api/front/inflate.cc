#include "api/front/inflate.h"

#include <algorithm>
#include <array>
#include <zlib.h>

namespace takt {

InflateEnd inflate_gzip(std::string_view packed, std::size_t bytes_max, std::string& plain) {
  plain.clear();
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) return InflateEnd::broken; // 16: gzip, and neither zlib nor raw
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data())); // zlib's interface is older than const
  stream.avail_in = static_cast<uInt>(packed.size());
  std::array<char, 16384> piece;
  InflateEnd end = InflateEnd::broken;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int code = ::inflate(&stream, Z_NO_FLUSH);
    const std::size_t count = piece.size() - stream.avail_out;
    if (count > bytes_max - plain.size()) {
      end = InflateEnd::too_large;
      break;
    }
    plain.append(piece.data(), count);
    if (code == Z_STREAM_END) end = stream.avail_in == 0 ? InflateEnd::complete : InflateEnd::broken;
    if (code != Z_OK) break;                      // at its end, damaged, or (Z_BUF_ERROR) cut off
  }
  inflateEnd(&stream);
  return end;
}

} // namespace takt
