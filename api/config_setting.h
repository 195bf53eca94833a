#pragma once
/// One value of takt.toml or of the environment as text, and how such texts are read: every key by the same code. Errors: invalid, with where it stands.
#include "core/result.h"
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

struct UpkeepConfig;

struct Setting {
  std::string key;                                 ///< "durability.decide"
  std::vector<std::string> values;                 ///< one, or the elements of a list
  bool is_list = false;
  std::string where;                               ///< "takt.toml:3" or "TAKT_LISTEN"
};

Status refuse(const Setting& setting, std::string_view expected);
std::optional<double> number_of(std::string_view text);
std::optional<std::uint64_t> whole_of(std::string_view text);
/// "262144", "256KiB".
std::optional<std::uint64_t> bytes_of(std::string_view text);
Status set_bytes(const Setting& setting, std::uint64_t low, std::uint64_t high, std::uint64_t& target);
Status set_flag(const Setting& setting, bool& target);
Status set_duration(const Setting& setting, Duration low, Duration high, std::string_view range, Duration& target);

/// The keys of UpkeepConfig. False: not one of them.
Result<bool> set_upkeep(const Setting& setting, UpkeepConfig& config);

} // namespace takt
