#pragma once
/// Every key of the RocksDB store, in one place (docs/formats.md "Keys of the store"). Numbers are big endian, so that byte
/// order is the order of customers, versions and times. Changing one is a new store format.
#include "core/id.h"
#include "core/symbol.h"
#include "core/time.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace takt::keys {

/// (customer, version): journal and snapshots.
struct RecordKey {
  std::array<char, 16> bytes{};
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
};
RecordKey record_key(CustomerId customer, Version version);
/// Key of the newest snapshot: a fixed one, because a point read with a Bloom filter costs a third of a seek.
inline RecordKey newest_snapshot_key(CustomerId customer) { return record_key(customer, ~Version{0}); }
bool is_record_key(std::string_view key);
CustomerId customer_of(std::string_view record_key);
Version version_of(std::string_view record_key);
constexpr std::size_t customer_prefix_bytes = 8;

inline std::string_view view_of(const Bytes16& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
/// First possible decision id at that time: the first 48 bits of an id are its milliseconds.
Bytes16 first_decision_id(UtcTime at);

// ---- the "default" family: one letter, then
constexpr std::string_view format_key = "!format";
constexpr std::string_view revision_key = "!revision";
constexpr std::string_view salt_key = "!salt";
constexpr std::string_view erasing_key = "!erasing";         ///< an erasure on its way
constexpr char symbol_prefix = 's';
constexpr char identity_prefix = 'n';
constexpr char named_identity_prefix = 'i';                   ///< of store format 1: the identity in clear
constexpr char erasure_prefix = 'e';
std::string symbol_key(Symbol symbol);
/// A hash, not the name: RocksDB keeps the first and last keys of its files in its manifest, where nobody can erase one.
std::string identity_key(const Identity& identity);
std::string identity_key(std::string_view kind_and_value);
std::string erasure_key(const Bytes16& hash);
/// Prefix of a kind's current documents; the rest of such a key is the id.
std::string documents_prefix(std::string_view kind);
std::string document_key(std::string_view kind, std::string_view id);
/// Prefix of one document's history; the rest is the version.
std::string history_prefix(std::string_view kind, std::string_view id);
std::string history_key(std::string_view kind, std::string_view id, std::uint64_t version);

std::string number_bytes(std::uint64_t value);                ///< 8 bytes
std::uint64_t number_of(std::string_view bytes);              ///< of the first 8; 0 where there are fewer

} // namespace takt::keys
