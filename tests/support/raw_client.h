#pragma once
/// A TCP client that says exactly what it is told, also nonsense, and slowly. Loopback only.
#include <cstddef>
#include <string>
#include <string_view>

namespace takt::test {

class RawClient {
public:
  RawClient();                                       ///< not connected
  explicit RawClient(int port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connect(int port);
  /// False: the other side does not want it any more.
  bool send(std::string_view bytes);
  void half_close();
  /// The next whole answer: head and body by Content-Length or chunks. Shorter than that when the server closes or is silent for twenty seconds.
  std::string read_answer();
  /// Everything until the server closes; `closed` says whether it did within `silence_ms` of its last byte.
  std::string read_to_end(bool& closed, int silence_ms = 20'000);

  static int status_of(std::string_view answer);
  static std::string body_of(const std::string& answer);
  static std::size_t answers_in(std::string_view text);

private:
  bool receive(int silence_ms);
  int socket_ = -1;
  bool ended_ = false;
  std::string read_;                                 ///< and not yet given out
};

/// Of this process, in bytes.
std::size_t resident_bytes();

} // namespace takt::test
