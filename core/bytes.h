#pragma once
/// Little-endian varint writing and bounds-checked reading: the alphabet of record_codec.cc, the decision log and artefacts.
/// A reader never throws and never reads past its view: after the first bad byte `ok()` is false and every read gives zero.
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace takt {

class ByteWriter {
public:
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
  }
  void svarint(std::int64_t value) { // zig-zag: small negatives stay small
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void f64(double value) { fixed(std::bit_cast<std::uint64_t>(value), 8); }
  void f32(float value) { fixed(std::bit_cast<std::uint32_t>(value), 4); }
  void fixed(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
  }
  void raw(std::string_view value) { bytes_.append(value); }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

class ByteReader {
public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t u8() {
    if (rest_.empty()) return fail_zero();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    if (!rest_.empty() && !(rest_.front() & 0x80)) return u8(); // most numbers are small
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    return fail_zero();
  }
  std::int64_t svarint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  double f64() { return std::bit_cast<double>(fixed(8)); }
  float f32() { return std::bit_cast<float>(static_cast<std::uint32_t>(fixed(4))); }
  std::uint64_t fixed(int width) {
    const auto bytes = static_cast<std::size_t>(width);
    if (rest_.size() < bytes) return fail_zero();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(rest_[i])) << (8 * i);
    rest_.remove_prefix(bytes);
    return value;
  }
  std::string_view text() { return raw(varint()); }
  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) {
      fail_zero();
      return {};
    }
    const std::string_view value = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return value;
  }
  /// A count of things that take at least one byte each: never more than the bytes that are left.
  std::size_t count() {
    const std::uint64_t value = varint();
    if (value > rest_.size()) return fail_zero();
    return static_cast<std::size_t>(value);
  }
  /// The caller found a value that cannot be: from here on everything reads as zero.
  void refuse() { fail_zero(); }
  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

private:
  std::uint8_t fail_zero() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

} // namespace takt
