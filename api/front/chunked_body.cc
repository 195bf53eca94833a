#include "api/front/framing.h"
#include "api/front/limits.h"

#include <algorithm>

namespace takt {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

std::size_t ChunkedBody::take(std::string_view bytes, std::size_t body_bytes_max, std::string& body) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !refusal_) {
    if (state_ == State::data) {
      const std::size_t count = std::min(left_, bytes.size() - taken);
      body.append(bytes.substr(taken, count));
      taken += count;
      left_ -= count;
      if (left_ == 0) {
        state_ = State::data_end;
        left_ = 2;
      }
      continue;
    }
    const char byte = bytes[taken++];
    if (state_ == State::data_end) {
      if (byte != (left_ == 2 ? '\r' : '\n')) refuse(FrontReason::bad_chunk, "a chunk does not end where its size says");
      else if (--left_ == 0) state_ = State::size_line;
      continue;
    }
    take_line_byte(byte);
    if (!line_whole_ || refusal_) continue;
    line_whole_ = false;
    if (state_ == State::size_line) end_size_line(body_bytes_max, body.size());
    else if (line_.empty()) state_ = State::done;
    else if (line_.front() == ' ' || line_.front() == '\t' || line_.find(':') == std::string::npos || line_.front() == ':')
      refuse(FrontReason::bad_chunk, "a trailer is not a field");
    line_.clear();
  }
  return taken;
}

/// Both kinds of lines end with CR LF, and neither may hold another control byte.
void ChunkedBody::take_line_byte(char byte) {
  const bool after_return = !line_.empty() && line_.back() == '\r';
  if (after_return) {
    if (byte != '\n') return refuse(FrontReason::bad_chunk, "CR without LF");
    line_.pop_back();
    line_whole_ = true;
    return;
  }
  if (byte != '\r' && byte != '\t' && (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f))
    return refuse(FrontReason::bad_chunk, "a control byte between chunks");
  line_.push_back(byte);
  if (state_ == State::trailer && ++extras_bytes_ > front_limits::chunk_extras_bytes_max)
    return refuse(FrontReason::headers_too_large, "the trailers are too long");
  if (state_ == State::size_line && line_.size() > front_limits::chunk_line_bytes_max)
    refuse(FrontReason::bad_chunk, "the size of a chunk is at most 8 hexadecimal digits");
}

void ChunkedBody::end_size_line(std::size_t body_bytes_max, std::size_t body_bytes) {
  std::size_t digits = 0, size = 0;
  while (digits < line_.size() && hex_digit(line_[digits]) >= 0 && digits <= front_limits::chunk_digits_max)
    size = size * 16 + static_cast<std::size_t>(hex_digit(line_[digits++]));
  if (digits == 0 || digits > front_limits::chunk_digits_max)
    return refuse(FrontReason::bad_chunk, "the size of a chunk is at most 8 hexadecimal digits");
  if (digits < line_.size() && line_[digits] != ';') return refuse(FrontReason::bad_chunk, "the size of a chunk is followed by something else");
  extras_bytes_ += line_.size() - digits;
  if (extras_bytes_ > front_limits::chunk_extras_bytes_max) return refuse(FrontReason::bad_chunk, "the extensions of the chunks are too long");
  if (size > body_bytes_max - std::min(body_bytes, body_bytes_max)) return refuse(FrontReason::too_large, "the body is larger than this endpoint takes");
  left_ = size;
  state_ = size == 0 ? State::trailer : State::data;
}

} // namespace takt
