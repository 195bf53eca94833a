#pragma once
/// What somebody else hands us and must not have made up: HMAC-SHA256 (RFC 2104), compared without telling how much of it was right, and
/// the two ways to write bytes. Pure. Threads: any. Cost: ~1 µs.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace takt {

using Mac = std::array<std::uint8_t, 32>;
Mac hmac_sha256(std::string_view secret, std::string_view text);

/// Looks at every byte whatever the first ones are: the time it takes is a matter of the length alone.
bool same_bytes(std::span<const std::uint8_t> one, std::span<const std::uint8_t> other);

std::string to_hex(std::span<const std::uint8_t> bytes);
/// Either case. None: an odd number of digits, or something else among them.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 §5 without padding: what stands in a path as it is.
std::string to_base64_url(std::string_view bytes);
/// One text per value: none where bits are left over that are not zero.
std::optional<std::string> from_base64_url(std::string_view text);

} // namespace takt
