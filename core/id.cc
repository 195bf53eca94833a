#include "core/id.h"

#include "core/hash.h"

#include <algorithm>

namespace takt {

namespace {

// Crockford's base 32: no I, L, O, U, so that an id can be read out on the phone. Reading takes small letters, and I, L, O
// for the digits they look like.
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t customer_chars_count = 13;
constexpr std::size_t decision_chars_count = 26;
constexpr int bad_digit = -1;

int digit_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return 0;
  if (c == 'I' || c == 'L') return 1;
  const std::size_t at = alphabet.find(c);
  return at == std::string_view::npos ? bad_digit : static_cast<int>(at);
}

std::uint64_t hash_of(CustomerId id) {
  std::array<char, 8> bytes{};
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<char>(id.value >> (8 * i));
  return hash64({bytes.data(), bytes.size()});
}

// One hash, two disjoint parts: the low 10 bits place the customer, the high 38 bits tag the decision.
struct Address {
  std::uint64_t partition = 0, tag = 0;
  explicit Address(CustomerId id) {
    const std::uint64_t hash = hash_of(id);
    partition = hash % partitions_count;
    tag = hash >> 26;
  }
};

// The 128 bits of a decision id as two words, high bits first: time:48 partition:10 tag:38 nonce:32.
struct Words {
  std::uint64_t high = 0, low = 0;
};

Words words_of(const DecisionId& id) {
  Words words;
  for (std::size_t i = 0; i < 8; ++i) {
    words.high = (words.high << 8) | id.bytes[i];
    words.low = (words.low << 8) | id.bytes[8 + i];
  }
  return words;
}

DecisionId id_of(Words words) {
  DecisionId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[7 - i] = static_cast<std::uint8_t>(words.high >> (8 * i));
    id.bytes[15 - i] = static_cast<std::uint8_t>(words.low >> (8 * i));
  }
  return id;
}

} // namespace

std::string to_text(CustomerId id) {
  std::string text(2 + customer_chars_count, '-');
  text[0] = 'c';
  std::uint64_t rest = id.value;
  for (std::size_t i = text.size(); i > 2; --i) {
    text[i - 1] = alphabet[rest & 31];
    rest >>= 5;
  }
  return text;
}

Result<CustomerId> parse_customer_id(std::string_view text) {
  const auto refused = [] { return fail(ErrorCode::invalid, "a customer id is \"c-\" and 13 characters of Crockford base 32"); };
  if (text.size() != 2 + customer_chars_count || !text.starts_with("c-")) return refused();
  std::uint64_t value = 0;
  for (std::size_t i = 2; i < text.size(); ++i) {
    const int digit = digit_of(text[i]);
    if (digit == bad_digit || (i == 2 && digit > 15)) return refused(); // 65 bits of text for 64 of value
    value = (value << 5) | static_cast<std::uint64_t>(digit);
  }
  if (value == 0) return refused(); // nobody has no text
  return CustomerId{value};
}

std::uint32_t partition_of(CustomerId id) { return static_cast<std::uint32_t>(Address(id).partition); }

DecisionId make_decision_id(UtcTime now, CustomerId customer, std::uint32_t nonce) {
  constexpr std::int64_t time_max = (std::int64_t{1} << 48) - 1;
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ms_of(now), 0, time_max));
  const Address address(customer);
  return id_of({(ms << 16) | (address.partition << 6) | (address.tag >> 32), (address.tag << 32) | nonce});
}

UtcTime time_of(DecisionId id) { return utc_from_ms(static_cast<std::int64_t>(words_of(id).high >> 16)); }

bool tagged_for(DecisionId id, CustomerId customer) {
  const Words words = words_of(id);
  const std::uint64_t partition = (words.high >> 6) & (partitions_count - 1);
  const std::uint64_t tag = ((words.high & 0x3f) << 32) | (words.low >> 32);
  const Address address(customer);
  return partition == address.partition && tag == address.tag;
}

std::string to_text(DecisionId id) {
  Words words = words_of(id);
  std::string text(decision_chars_count, '0');
  for (std::size_t i = text.size(); i > 0; --i) {
    text[i - 1] = alphabet[words.low & 31];
    words.low = (words.low >> 5) | (words.high << 59);
    words.high >>= 5;
  }
  return text;
}

Result<DecisionId> parse_decision_id(std::string_view text) {
  const auto refused = [] { return fail(ErrorCode::invalid, "a decision id is 26 characters of Crockford base 32"); };
  if (text.size() != decision_chars_count) return refused();
  Words words;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = digit_of(text[i]);
    if (digit == bad_digit || (i == 0 && digit > 7)) return refused(); // 130 bits of text for 128 of value
    words.high = (words.high << 5) | (words.low >> 59);
    words.low = (words.low << 5) | static_cast<std::uint64_t>(digit);
  }
  const DecisionId id = id_of(words);
  if (!id) return refused();
  return id;
}

} // namespace takt
