#include "api/front/proxies.h"

#include "api/front/framing.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace takt {
namespace {

constexpr unsigned mapped_bits = 96;                 // ::ffff:0:0/96 holds IPv4
constexpr std::string_view field_name = "x-forwarded-for";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The values of the field, in the order of their lines: a proxy may append a line instead of an element.
std::vector<std::string_view> values_in(std::string_view head) {
  std::vector<std::string_view> values;
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos && line + 2 < head.size();) {
    const std::size_t begin = line + 2;
    line = head.find("\r\n", begin);
    const std::string_view field = head.substr(begin, std::min(line, head.size()) - begin);
    const std::size_t colon = field.find(':');
    if (colon == field_name.size() && equal_ignoring_case(field.substr(0, colon), field_name)) values.push_back(field.substr(colon + 1));
  }
  return values;
}

} // namespace

std::optional<sockaddr_storage> parse_address(std::string_view text) {
  sockaddr_storage address{};
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string name(text);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET, name.c_str(), &four.sin_addr) == 1) std::memcpy(&address, &four, sizeof four);
  else if (::inet_pton(AF_INET6, name.c_str(), &six.sin6_addr) == 1) std::memcpy(&address, &six, sizeof six);
  else return std::nullopt;
  return address;
}

TrustedProxies::Bytes TrustedProxies::bytes_of(const sockaddr_storage& address) {
  Bytes bytes{};
  if (address.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + mapped_bits / 8, &four.sin_addr, sizeof four.sin_addr);
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  }
  return bytes;
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks) {
  TrustedProxies proxies;
  for (const std::string& text : blocks) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view name = std::string_view(text).substr(0, slash);
    const bool is_bare = std::count(name.begin(), name.end(), ':') != 1 && !name.starts_with('['); // a port makes no sense here
    const auto address = is_bare ? parse_address(name) : std::nullopt;
    if (!address) return fail(ErrorCode::invalid, text + " is no IP address and no block of them, such as 10.0.0.0/8");
    const unsigned base = address->ss_family == AF_INET ? mapped_bits : 0;
    unsigned bits = 128 - base;
    if (slash < text.size()) {
      unsigned wanted = 0;
      const char* const last = text.data() + text.size();
      const auto [end, error] = std::from_chars(text.data() + slash + 1, last, wanted);
      if (error != std::errc{} || end != last || wanted > bits) return fail(ErrorCode::invalid, text + ": a prefix has 0 to " + std::to_string(bits) + " bits");
      bits = wanted;
    }
    Block block{bytes_of(*address), base + bits};
    for (unsigned bit = block.bits; bit < 128; ++bit)
      if ((block.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return fail(ErrorCode::invalid, text + " has bits behind its prefix");
    proxies.blocks_.push_back(block);
  }
  return proxies;
}

bool TrustedProxies::contains(const sockaddr_storage& address) const {
  if (blocks_.empty() || (address.ss_family != AF_INET && address.ss_family != AF_INET6)) return false;
  const Bytes bytes = bytes_of(address);
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    const unsigned whole = block.bits / 8, rest = block.bits % 8;
    if (std::memcmp(bytes.data(), block.bytes.data(), whole) != 0) return false;
    return rest == 0 || (bytes[whole] ^ block.bytes[whole]) >> (8 - rest) == 0;
  });
}

std::optional<sockaddr_storage> TrustedProxies::caller_behind(const sockaddr_storage& peer, std::string_view head) const {
  sockaddr_storage caller = peer;
  const std::vector<std::string_view> values = values_in(head);
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    for (std::string_view rest = *value;;) {
      if (!contains(caller)) return caller;
      const std::size_t comma = rest.rfind(',');
      const auto address = parse_address(trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1)));
      if (!address) return std::nullopt;
      caller = *address;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return caller;
}

} // namespace takt
