#include "store/rocksdb/keys.h"

#include "core/hash.h"

#include <algorithm>

namespace takt::keys {
namespace {

void put_number(char* out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(static_cast<std::uint8_t>(value >> (56 - 8 * i)));
}

void append_sized(std::string& out, std::string_view text) { // a length first: no separator that a name could contain
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(text.size() >> 8)));
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(text.size())));
  out.append(text);
}

} // namespace

RecordKey record_key(CustomerId customer, Version version) {
  RecordKey key;
  put_number(key.bytes.data(), customer.value);
  put_number(key.bytes.data() + 8, version);
  return key;
}

bool is_record_key(std::string_view key) { return key.size() == 16; }
CustomerId customer_of(std::string_view record_key) { return CustomerId{number_of(record_key)}; }
Version version_of(std::string_view record_key) { return number_of(record_key.substr(std::min<std::size_t>(8, record_key.size()))); }

Bytes16 first_decision_id(UtcTime at) {
  constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ms_of(at), 0, latest));
  Bytes16 id{};
  for (std::size_t i = 0; i < 6; ++i) id[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  return id;
}

std::string symbol_key(Symbol symbol) {
  std::string key(1, symbol_prefix);
  const auto number = static_cast<std::uint32_t>(symbol);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(static_cast<std::uint8_t>(number >> shift)));
  return key;
}

std::string identity_key(const Identity& identity) {
  std::string text(1, static_cast<char>(identity.kind));
  text.append(identity.value);
  return identity_key(text);
}

std::string identity_key(std::string_view kind_and_value) {
  std::string key(1, identity_prefix);
  key.append(view_of(hash128(kind_and_value)));
  return key;
}

std::string erasure_key(const Bytes16& hash) {
  std::string key(1, erasure_prefix);
  key.append(view_of(hash));
  return key;
}

std::string documents_prefix(std::string_view kind) {
  std::string key = "d";
  append_sized(key, kind);
  return key;
}

std::string document_key(std::string_view kind, std::string_view id) {
  std::string key = documents_prefix(kind);
  key.append(id);
  return key;
}

std::string history_prefix(std::string_view kind, std::string_view id) {
  std::string key = "h";
  append_sized(key, kind);
  append_sized(key, id);
  return key;
}

std::string history_key(std::string_view kind, std::string_view id, std::uint64_t version) {
  std::string key = history_prefix(kind, id);
  key.append(number_bytes(version));
  return key;
}

std::string number_bytes(std::uint64_t value) {
  std::string bytes(8, '\0');
  put_number(bytes.data(), value);
  return bytes;
}

std::uint64_t number_of(std::string_view bytes) {
  if (bytes.size() < 8) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = (value << 8) | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

} // namespace takt::keys
