#include "api/config.h"

#include "api/config_setting.h"
#include "api/front/proxies.h"
#include "core/limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <unistd.h>

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace takt {
namespace {

bool is_currency(std::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Status set_size(const Setting& setting, std::size_t low, std::size_t high, std::size_t& target) {
  std::uint64_t bytes = target;
  TAKT_TRY_VOID(set_bytes(setting, low, high, bytes));
  target = static_cast<std::size_t>(bytes);
  return {};
}

Status set_rate(const Setting& setting, Config& config) {
  const std::string currency = setting.key.substr(std::string_view("rates.").size());
  const auto rate = number_of(setting.values.front());
  if (!is_currency(currency)) return refuse(setting, "a rate per ISO 4217 code, such as rates.USD");
  if (!rate || !(*rate > 0) || *rate > 1e6) return refuse(setting, "a number above 0: one unit of it in the account's currency");
  config.rates[currency] = *rate;
  return {};
}

Status set_durability(const Setting& setting, Config& config) {
  const std::string& text = setting.values.front();
  if (text != "wal" && text != "fsync") return refuse(setting, "\"wal\" or \"fsync\"");
  config.durable_decisions = text == "fsync";
  return {};
}

/// The keys of the front door. False: not one of them.
Result<bool> set_front(const Setting& setting, Config& config) {
  const std::string& text = setting.values.front();
  if (setting.key == "http_threads") {
    const auto count = whole_of(text);
    if (!count || *count < 1 || *count > 1024) TAKT_TRY_VOID(refuse(setting, "a whole number from 1 to 1024"));
    config.http_threads = static_cast<int>(*count);
  } else if (setting.key == "connections_max") {
    const auto count = whole_of(text);
    if (!count || *count < 10 || *count > 1'000'000) TAKT_TRY_VOID(refuse(setting, "a whole number from 10 to 1000000"));
    config.connections_max = static_cast<std::size_t>(*count);
  } else if (setting.key == "rate_per_address") {
    const auto rate = number_of(text);
    if (!rate || !(*rate >= 0 && *rate <= 1e6)) TAKT_TRY_VOID(refuse(setting, "a number of requests a second from 0 (no limit) to 1000000"));
    config.rate_per_address = *rate;
  } else if (setting.key == "rate_burst") {
    const auto burst = number_of(text);
    if (!burst || !(*burst >= 1 && *burst <= 1e6)) TAKT_TRY_VOID(refuse(setting, "a number of requests from 1 to 1000000"));
    config.rate_burst = *burst;
  } else if (setting.key == "rate_loopback") {
    TAKT_TRY_VOID(set_flag(setting, config.rate_loopback));
  } else if (setting.key == "log_format") {
    const auto format = parse_log_format(text);
    if (!format) TAKT_TRY_VOID(refuse(setting, "\"none\", \"text\" or \"json\""));
    config.log_format = *format;
  } else {
    return false;
  }
  return true;
}

Status set_origins(const Setting& setting, Config& config) {
  config.allowed_origins.clear();
  for (const std::string& origin : setting.values) {
    if (origin.empty()) continue;
    if ((!origin.starts_with("https://") && !origin.starts_with("http://")) || origin.ends_with('/'))
      return refuse(setting, "origins such as \"https://shop.example\", without a path");
    config.allowed_origins.push_back(origin);
  }
  return {};
}

bool is_origin(std::string_view text) {
  const std::size_t scheme = text.starts_with("https://") ? 8 : 7;
  if (!text.starts_with("https://") && !text.starts_with("http://")) return false;
  text.remove_prefix(scheme);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']'; });
}

Status set_public_url(const Setting& setting, Config& config) {
  std::string url = setting.values.front();
  if (url.ends_with('/')) url.pop_back();
  if (!url.empty() && !is_origin(url)) return refuse(setting, "an address such as \"https://takt.shop.example\", without a path");
  config.public_url = url;
  return {};
}

/// Several at once: a new one is believed before the pages use it. A short one is guessed from a single signature.
Status set_identity_secrets(const Setting& setting, Config& config) {
  config.identity_secrets.clear();
  for (const std::string& secret : setting.values) {
    if (secret.empty()) continue;
    if (secret.size() < 32 || secret.size() > 128) return refuse(setting, "one secret or a list of them, each of 32 to 128 characters");
    config.identity_secrets.push_back(secret);
  }
  return {};
}

Status set_proxies(const Setting& setting, Config& config) {
  config.trusted_proxies.clear();
  std::copy_if(setting.values.begin(), setting.values.end(), std::back_inserter(config.trusted_proxies), [](const std::string& one) { return !one.empty(); });
  const auto proxies = TrustedProxies::parse(config.trusted_proxies);
  if (!proxies) return fail(ErrorCode::invalid, fmt::format("{}: {}: {}", setting.where, setting.key, proxies.error().message));
  return {};
}

Status set_listen(const Setting& setting, Config& config) {
  const auto address = parse_listen(setting.values.front());
  if (!address) return fail(address.error().code, setting.where + ": " + address.error().message);
  config.listen = setting.values.front();
  return {};
}

Status apply(const Setting& setting, Config& config) {
  const std::string& text = setting.values.empty() ? std::string() : setting.values.front();
  if (setting.key == "allowed_origins") return set_origins(setting, config);
  if (setting.key == "identity_secret") return set_identity_secrets(setting, config);
  if (setting.key == "trusted_proxies") return set_proxies(setting, config);
  if (setting.is_list || setting.values.empty()) return refuse(setting, "one value");
  if (setting.key == "data_dir") {
    if (text.empty()) return refuse(setting, "a directory");
    config.data_dir = text;
    return {};
  }
  if (setting.key == "listen") return set_listen(setting, config);
  TAKT_TRY(is_front, set_front(setting, config));
  if (is_front) return {};
  TAKT_TRY(is_upkeep, set_upkeep(setting, config.upkeep));
  if (is_upkeep) return {};
  if (setting.key == "durability.decide") return set_durability(setting, config);
  if (setting.key == "dedupe_life") return set_duration(setting, hours(1), days(30), "from 1h to 30d", config.dedupe_life);
  if (setting.key == "account_currency") {
    if (!is_currency(text)) return refuse(setting, "an ISO 4217 code such as \"EUR\"");
    config.account_currency = text;
    return {};
  }
  if (setting.key.starts_with("rates.")) return set_rate(setting, config);
  if (setting.key == "margin") {
    const auto margin = number_of(text);
    if (!margin || !(*margin >= 0 && *margin <= 1)) return refuse(setting, "a number from 0 to 1");
    config.margin = *margin;
    return {};
  }
  if (setting.key == "cache_bytes") return set_size(setting, std::size_t{16} << 20, std::size_t{64} << 30, config.cache_bytes);
  if (setting.key == "body_bytes_max")
    return set_size(setting, limits::event_bytes_max, std::size_t{64} << 20, config.body_bytes_max);
  if (setting.key == "public_url") return set_public_url(setting, config);
  if (setting.key == "simulation") return set_flag(setting, config.simulation);
  if (setting.key == "bootstrap_key_file") {
    config.bootstrap_key_file = text;
    return {};
  }
  return fail(ErrorCode::invalid, fmt::format("{}: unknown key {}", setting.where, setting.key));
}

// ---- the file

std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return {};
}

Status flatten(const toml::table& table, const std::string& prefix, const std::string& path, std::vector<Setting>& settings) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const std::string where = fmt::format("{}:{}", path, node.source().begin.line);
    if (const auto* inner = node.as_table()) {
      TAKT_TRY_VOID(flatten(*inner, key + ".", path, settings));
      continue;
    }
    Setting setting{key, {}, node.is_array(), where};
    if (const auto* list = node.as_array()) {
      for (const toml::node& element : *list) setting.values.push_back(text_of(element));
    } else if (node.is_value() && !node.is_date() && !node.is_time() && !node.is_date_time()) {
      setting.values.push_back(text_of(node));
    } else {
      return refuse(setting, "a text, number, true or false");
    }
    settings.push_back(std::move(setting));
  }
  return {};
}

Result<std::vector<Setting>> read_file(const std::string& path) {
  std::vector<Setting> settings;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (path == config_file_default) return settings;
    return fail(ErrorCode::not_found, "configuration file " + path + " does not exist");
  }
  try {
    const toml::table table = toml::parse_file(path);
    TAKT_TRY_VOID(flatten(table, "", path, settings));
  } catch (const toml::parse_error& problem) {
    return fail(ErrorCode::malformed, fmt::format("{}:{}: {}", path, problem.source().begin.line, problem.description()));
  }
  return settings;
}

// ---- the environment

/// Names beside the configuration that start with TAKT_ too: data for tests, and the client libraries' own variables.
bool belongs_to_others(std::string_view name) {
  return name == "TAKT_SHARED" || name == "TAKT_CONFIG" || name == "TAKT_URL" || name == "TAKT_KEY" || name.starts_with("TAKT_TEST_");
}

std::string key_of_variable(std::string_view name) {
  name.remove_prefix(std::string_view("TAKT_").size());
  if (name.starts_with("RATES_")) return "rates." + std::string(name.substr(6));
  if (name == "DURABILITY_DECIDE") return "durability.decide";
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (key.starts_with("retention_")) key[std::string_view("retention").size()] = '.';
  return key;
}

Setting setting_of_variable(const std::string& name, const std::string& value) {
  Setting setting{key_of_variable(name), {value}, false, name};
  if (setting.key != "allowed_origins" && setting.key != "identity_secret" && setting.key != "trusted_proxies") return setting;
  setting.is_list = true;
  setting.values.clear();
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    setting.values.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return setting;
}

} // namespace

Result<Config> load_config(const std::string& path, const std::map<std::string, std::string>& environment) {
  Config config;
  TAKT_TRY(settings, read_file(path));
  for (const auto& [name, value] : environment)
    if (name.starts_with("TAKT_") && !belongs_to_others(name)) settings.push_back(setting_of_variable(name, value));
  for (const Setting& setting : settings) TAKT_TRY_VOID(apply(setting, config));
  return config;
}

std::size_t cache_bytes_of_server() {
  constexpr std::size_t least = std::size_t{256} << 20, most = std::size_t{64} << 30;
  const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  std::size_t memory = pages > 0 && page_bytes > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes) : 0;
  std::size_t allowed = 0;                       // the file says "max" where nothing is set
  if (std::ifstream limit("/sys/fs/cgroup/memory.max"); limit >> allowed) memory = std::min(memory, allowed);
  return std::clamp(memory / 8, least, most);   // decoded records and allocators take half as much again
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(ErrorCode::invalid, fmt::format("listen address \"{}\" must be host:port, such as 127.0.0.1:8080", text));
  std::string_view host = text.substr(0, colon);
  const auto port = whole_of(text.substr(colon + 1));
  if (!port || *port > 65535) return fail(ErrorCode::invalid, fmt::format("listen address \"{}\": the port must be 0 to 65535", text));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const bool loopback = host == "localhost" || host == "::1" || (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
  // No name but that one: a name that a resolver changes its mind about is no place to listen on.
  in6_addr bytes{};
  const std::string address(host);
  if (!loopback && inet_pton(AF_INET, address.c_str(), &bytes) != 1 && inet_pton(AF_INET6, address.c_str(), &bytes) != 1)
    return fail(ErrorCode::invalid, fmt::format("listen address \"{}\": {} is neither localhost nor an IP address", text, host));
  return ListenAddress{address, static_cast<int>(*port), loopback};
}

} // namespace takt
