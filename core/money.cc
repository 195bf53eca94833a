#include "core/money.h"

#include <cstddef>
#include <limits>

namespace takt {

namespace {
constexpr std::size_t whole_digits_max = 12;
constexpr std::size_t fraction_digits_max = 6;
bool is_digit(char c) { return c >= '0' && c <= '9'; }
} // namespace

Result<std::int64_t> parse_micros(std::string_view decimal) {
  const auto refused = [] { return fail(ErrorCode::invalid, "an amount is a decimal like \"79.90\": at most 12 digits before the point and 6 after it"); };
  std::size_t at = 0;
  std::int64_t micros = 0;
  while (at < decimal.size() && at <= whole_digits_max && is_digit(decimal[at])) micros = micros * 10 + (decimal[at++] - '0');
  if (at == 0 || at > whole_digits_max) return refused(); // 18 digits in all: no overflow
  std::size_t fraction_digits = 0;
  if (at < decimal.size()) {
    if (decimal[at++] != '.') return refused();
    while (at < decimal.size() && is_digit(decimal[at]) && fraction_digits < fraction_digits_max) {
      micros = micros * 10 + (decimal[at++] - '0');
      ++fraction_digits;
    }
    if (fraction_digits == 0 || at != decimal.size()) return refused();
  }
  for (; fraction_digits < fraction_digits_max; ++fraction_digits) micros *= 10;
  return micros;
}

std::int64_t plus_line(std::int64_t sum_micros, std::int64_t quantity, std::int64_t price_micros) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  std::int64_t line = 0, sum = 0;
  if (__builtin_mul_overflow(quantity, price_micros, &line)) line = (quantity < 0) == (price_micros < 0) ? most : least;
  return __builtin_add_overflow(sum_micros, line, &sum) ? (line < 0 ? least : most) : sum;
}

std::string format_micros(std::int64_t micros) {
  const bool negative = micros < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  std::string fraction = std::to_string(1'000'000 + size % 1'000'000).substr(1);
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return (negative ? "-" : "") + std::to_string(size / 1'000'000) + "." + fraction;
}

} // namespace takt
