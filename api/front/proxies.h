#pragma once
/// Whose word is taken about where a request came from. Behind a proxy every connection has the proxy's address, and behind one on this machine
/// this machine's own; with this list the caller is who the proxy names in X-Forwarded-For. Anybody can write that field, so it is read from its
/// right end, which the nearest hop wrote, and only as far as those who wrote it are on the list. Pure. Threads: any. Cost: ~100 ns.
#include "core/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace takt {

class TrustedProxies {
public:
  /// "127.0.0.1", "::1", "10.0.0.0/8". Errors: invalid (no block of addresses, or one with bits behind its prefix: most likely a typing error).
  static Result<TrustedProxies> parse(const std::vector<std::string>& blocks);

  bool empty() const { return blocks_.empty(); }
  bool contains(const sockaddr_storage& address) const;
  /// Who speaks through `peer`: the rightmost address in the X-Forwarded-For fields of `head` that is not on the list, `peer` itself where there is
  /// no such field. Nothing: what stands there is no address, so that nobody can be named. `head` is what RequestFraming hands on.
  std::optional<sockaddr_storage> caller_behind(const sockaddr_storage& peer, std::string_view head) const;

private:
  using Bytes = std::array<std::uint8_t, 16>;        ///< IPv6, or IPv4 as ::ffff:a.b.c.d
  struct Block { Bytes bytes; unsigned bits; };
  static Bytes bytes_of(const sockaddr_storage& address);
  std::vector<Block> blocks_;
};

/// "10.1.2.3", "10.1.2.3:443", "2001:db8::1", "[2001:db8::1]:443".
std::optional<sockaddr_storage> parse_address(std::string_view text);

} // namespace takt
