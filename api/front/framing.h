#pragma once
/// Where one HTTP/1 request ends, strictly (RFC 9112): what two readers could understand differently is refused, so nothing can be
/// smuggled past a proxy. Pure: bytes in, verdict out; no sockets, no clock. The verdict does not depend on how the bytes were cut.
/// Chunked bodies are decoded as they come, within the limit of the body: clients that stream exist, and after decoding nobody behind
/// the front has to know the coding. What is handed on is written anew from what was understood, so that the HTTP library cannot read
/// another request in it: framing fields are replaced by one Content-Length, names with '_' are gone (the library keeps REMOTE_ADDR and
/// the like among the client's fields), and '%' is escaped, because the library would decode %0D%0A in values.
/// Shapes: bytes. Errors: a Refusal, after which the connection can only be closed. Threads: one. Cost: ~1 ns per byte of the head.
#include "api/front/refusal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace takt {

/// Chunks → plain bytes. Extensions and trailers are read, checked and thrown away.
class ChunkedBody {
public:
  /// Takes from the front of `bytes`, appends to `body`; returns how many were taken. Stops where done() or refusal() is set.
  std::size_t take(std::string_view bytes, std::size_t body_bytes_max, std::string& body);
  bool done() const { return state_ == State::done; }
  const std::optional<Refusal>& refusal() const { return refusal_; }

private:
  enum class State : std::uint8_t { size_line, data, data_end, trailer, done };
  void take_line_byte(char byte);
  void end_size_line(std::size_t body_bytes_max, std::size_t body_bytes);
  void refuse(FrontReason reason, std::string_view detail) { refusal_ = Refusal{reason, detail}; }

  State state_ = State::size_line;
  std::string line_;
  std::size_t left_ = 0;                             ///< of this chunk, or of the CR LF after it
  std::size_t extras_bytes_ = 0;
  bool line_whole_ = false;
  std::optional<Refusal> refusal_;
};

class RequestFraming {
public:
  enum class State : std::uint8_t {
    head,                                            ///< needs more
    head_done,                                       ///< waits for begin_body()
    body,                                            ///< needs more
    complete,
    refused,
  };

  /// Takes bytes of this request from the front of `bytes`; returns how many. Fewer than given: the state has become another one.
  std::size_t take(std::string_view bytes);
  /// After head_done: the largest body that this request may have, as it comes over the wire but without the chunks' own bytes.
  void begin_body(std::size_t body_bytes_max);

  State state() const { return state_; }
  const Refusal& refusal() const { return *refusal_; }        ///< refused
  bool begun() const { return begun_; }                       ///< a byte of it has come

  // ---- from head_done on
  std::string_view method() const { return std::string_view(head_).substr(0, method_bytes_); }
  std::string_view target() const { return std::string_view(head_).substr(method_bytes_ + 1, target_bytes_); }
  /// Request line and fields so far, as they are handed on.
  std::string_view fields() const { return head_; }
  bool keep_alive() const { return keep_alive_; }
  bool is_old_version() const { return old_version_; }        ///< HTTP/1.0: no chunked answers
  bool expects_continue() const { return expects_continue_; }
  bool is_gzip() const { return gzip_; }                      ///< body() is compressed
  std::size_t announced_bytes() const { return length_.value_or(0); }

  // ---- complete
  std::string& body() { return body_; }
  /// What the library reads: the body that follows has `body_bytes`. Ends with the empty line.
  std::string head(std::size_t body_bytes) const;
  /// Bytes of memory held.
  std::size_t held_bytes() const { return line_.capacity() + head_.capacity() + body_.capacity(); }

private:
  bool take_head_byte(char byte);                             ///< false: refused
  void end_line();
  void end_request_line();
  bool read_target(std::string_view target);
  void end_field();
  bool read_framing_field(std::string_view name, std::string_view value); ///< true: it was one, and is not handed on
  void read_length(std::string_view value);
  void read_connection(std::string_view value);
  void keep_field(std::string_view name, std::string_view value);
  void end_head();
  void refuse(FrontReason reason, std::string_view detail);

  State state_ = State::head;
  bool begun_ = false, has_request_line_ = false, skipped_empty_line_ = false, last_was_return_ = false;
  bool keep_alive_ = true, old_version_ = false, expects_continue_ = false, gzip_ = false, encoded_ = false, chunked_ = false;
  std::uint16_t hosts_ = 0, lengths_ = 0, transfer_encodings_ = 0, content_encodings_ = 0, fields_ = 0;
  std::size_t head_bytes_ = 0, method_bytes_ = 0, target_bytes_ = 0, body_bytes_max_ = 0;
  std::optional<std::size_t> length_;
  std::string line_;                                          ///< of the head, without its end
  std::string head_;                                          ///< as it is handed on
  std::string body_;
  ChunkedBody chunks_;
  std::optional<Refusal> refusal_;
};

/// Names of fields and tokens compare so.
bool equal_ignoring_case(std::string_view a, std::string_view b);

} // namespace takt
