#pragma once
/// Money in millionths of the currency unit: exact for prices and contact costs, 64 bits reach 9 trillion.
#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace takt {

struct Money {
  std::int64_t micros = 0;
  std::string currency;                       ///< ISO 4217, upper case; "" = the account's currency
  double amount() const { return static_cast<double>(micros) / 1e6; }
  bool operator==(const Money&) const = default;
};

/// "79.90" → 79'900'000; at most 6 decimals, at most 12 digits before. Errors: invalid.
Result<std::int64_t> parse_micros(std::string_view decimal);
/// sum + quantity × price, at most what 64 bits hold: events may bring a million pieces at a trillion each.
std::int64_t plus_line(std::int64_t sum_micros, std::int64_t quantity, std::int64_t price_micros);
/// At least two decimals: "79.90", "0.002".
std::string format_micros(std::int64_t micros);

} // namespace takt
