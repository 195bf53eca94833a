#include "api/router.h"

#include "core/check.h"

#include <algorithm>

namespace takt {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1); // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_name(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const std::string nothing;

const std::string& value_or_nothing(const std::map<std::string, std::string, std::less<>>& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? nothing : found->second;
}

} // namespace

const std::string& HttpRequest::header(std::string_view name) const { return value_or_nothing(headers, name); }
const std::string& HttpRequest::parameter(std::string_view name) const { return value_or_nothing(parameters, name); }
std::optional<std::string> HttpRequest::query_value(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

void Router::add(Route route) {
  TAKT_CHECK(!route.pattern.empty() && route.pattern.front() == '/', "a pattern starts with a slash");
  Entry entry;
  for (const std::string_view segment : segments_of(route.pattern)) entry.segments.emplace_back(segment);
  entry.route = std::make_unique<Route>(std::move(route));
  const std::size_t count = entry.segments.size();
  if (by_segments_count_.size() <= count) by_segments_count_.resize(count + 1);
  by_segments_count_[count].push_back(std::move(entry));
}

void Router::wrap(const std::function<HttpHandler(const Route&)>& wrap) {
  for (std::vector<Entry>& entries : by_segments_count_)
    for (Entry& entry : entries) entry.route->handler = wrap(*entry.route);
}

void Router::for_each(const std::function<void(const Route&)>& visit) const {
  for (const std::vector<Entry>& entries : by_segments_count_)
    for (const Entry& entry : entries) visit(*entry.route);
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (path.empty() || path.front() != '/') return match;
  const std::vector<std::string_view> segments = segments_of(path);
  if (segments.size() >= by_segments_count_.size()) return match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const Entry* best = nullptr;
  std::size_t best_literals = 0;
  for (const Entry& entry : by_segments_count_[segments.size()]) {
    std::size_t literals = 0;
    bool fits = true;
    for (std::size_t i = 0; fits && i < segments.size(); ++i) {
      const bool same = entry.segments[i] == segments[i];
      literals += same ? 1U : 0U;
      fits = same || (is_name(entry.segments[i]) && !segments[i].empty());
    }
    if (!fits) continue;
    match.allowed.push_back(entry.route->method);
    // "/policies/current" is more literal than "/policies/{version}" and wins.
    if (entry.route->method == wanted && (best == nullptr || literals > best_literals)) {
      best = &entry;
      best_literals = literals;
    }
  }
  if (best == nullptr) {
    std::sort(match.allowed.begin(), match.allowed.end());
    match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());
    return match;
  }
  match.route = best->route.get();
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (is_name(best->segments[i]))
      match.parameters.emplace(best->segments[i].substr(1, best->segments[i].size() - 2), decode_percent(segments[i], false));
  return match;
}

std::string decode_percent(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      decoded.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(c == '+' && plus_is_space ? ' ' : c);
    }
  }
  return decoded;
}

std::map<std::string, std::string, std::less<>> parse_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> values;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view{};
    values.emplace(decode_percent(pair.substr(0, equals), true), decode_percent(value, true));
  }
  return values;
}

} // namespace takt
