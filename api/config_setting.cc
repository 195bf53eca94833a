#include "api/config_setting.h"

#include "api/upkeep_config.h"

#include <array>
#include <charconv>
#include <fmt/format.h>

namespace takt {

Status refuse(const Setting& setting, std::string_view expected) {
  return fail(ErrorCode::invalid, fmt::format("{}: {} must be {}", setting.where, setting.key, expected));
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> whole_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> bytes_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int>, 3> units{{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  int shift = 0;
  for (const auto& [unit, bits] : units)
    if (text.ends_with(unit)) {
      shift = bits;
      text.remove_suffix(unit.size());
      break;
    }
  const auto value = whole_of(text);
  if (!value || *value > (std::uint64_t{1} << 60) >> shift) return std::nullopt;
  return *value << shift;
}

Status set_bytes(const Setting& setting, std::uint64_t low, std::uint64_t high, std::uint64_t& target) {
  const auto value = bytes_of(setting.values.front());
  if (!value || *value < low || *value > high)
    return refuse(setting, fmt::format("a size from {} to {} bytes, such as 262144 or \"256KiB\"", low, high));
  target = *value;
  return {};
}

Status set_flag(const Setting& setting, bool& target) {
  const std::string& text = setting.values.front();
  if (text != "true" && text != "false") return refuse(setting, "true or false");
  target = text == "true";
  return {};
}

Status set_duration(const Setting& setting, Duration low, Duration high, std::string_view range, Duration& target) {
  const auto value = parse_duration(setting.values.front());
  if (!value || *value < low || *value > high) return refuse(setting, fmt::format("a duration {}", range));
  target = *value;
  return {};
}

namespace {

constexpr Duration longest = days(100'000);

/// "5%", or a share.
Status set_share(const Setting& setting, double& target) {
  std::string_view text = setting.values.front();
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  const auto value = number_of(text);
  const double share = value ? (is_percent ? *value / 100 : *value) : -1;
  if (!(share >= 0 && share <= 0.5)) return refuse(setting, "a share of the disk from 0 to \"50%\", such as \"5%\" or 0.05");
  target = share;
  return {};
}

} // namespace

Result<bool> set_upkeep(const Setting& setting, UpkeepConfig& config) {
  const std::string& text = setting.values.front();
  Status done;
  if (setting.key == "backup_dir") {
    config.backup_dir = text;
  } else if (setting.key == "backup_every") {
    if (text == "0") config.backup_every = Duration(0);
    else done = set_duration(setting, std::chrono::minutes(1), days(30), "from 1m to 30d, such as \"5m\", or 0", config.backup_every);
  } else if (setting.key == "backup_keep") {
    const auto count = whole_of(text);
    if (count && *count >= 1 && *count <= 100'000) config.backup_keep = static_cast<std::size_t>(*count);
    else done = refuse(setting, "a whole number of backups from 1 to 100000");
  } else if (setting.key == "disk_free_min") {
    done = set_share(setting, config.disk_free_min);
  } else if (setting.key == "retention.decisions") {
    done = set_duration(setting, days(1), longest, "from 1d to 100000d", config.retention_decisions);
  } else if (setting.key == "retention.decisions_bytes") {
    if (text == "0") config.retention_decisions_bytes = 0;
    else done = set_bytes(setting, std::uint64_t{1} << 20, std::uint64_t{1} << 50, config.retention_decisions_bytes);
  } else if (setting.key == "retention.journal") {
    done = set_duration(setting, days(60), longest, "from 60d to 100000d", config.retention_journal); // a merge can be undone for 30 days
  } else if (setting.key == "retention.audit") {
    done = set_duration(setting, days(1), longest, "from 1d to 100000d", config.retention_audit);
  } else {
    return false;
  }
  if (!done) return tl::unexpected(std::move(done.error()));
  return true;
}

} // namespace takt
