#include "api/access/role.h"

#include <algorithm>

namespace takt {
namespace {

constexpr std::array<std::string_view, roles_count> role_names{"publishable", "decide", "service", "viewer", "marketer", "approver", "analyst", "admin"};

/// Rows: Need. Columns: Role. A person who stops selling in a hurry must not need an admin, and a page's key must learn nothing about anybody.
constexpr bool table[needs_count][roles_count] = {
    //               publishable decide service viewer marketer approver analyst admin
    /* nothing */     {true,     true,  true,   true,  true,    true,    true,   true},
    /* ingest */      {true,     false, true,   false, false,   false,   false,  true},
    /* decide */      {true,     false, true,   false, true,    true,    true,   true},
    /* decide_link */ {false,    true,  false,  false, false,   false,   false,  true},
    /* release */     {true,     false, true,   false, false,   false,   false,  true},
    /* look */        {false,    false, true,   true,  true,    true,    true,   true},
    /* people */      {false,    false, true,   false, true,    true,    true,   true},
    /* edit */        {false,    false, true,   false, true,    true,    false,  true},
    /* people_edit */ {false,    false, true,   false, true,    true,    false,  true},
    /* approve */     {false,    false, false,  false, false,   true,    false,  true},
    /* administer */  {false,    false, false,  false, false,   false,   false,  true},
};

struct RouteNeed {
  std::string_view method, pattern;
  Need need;
};

constexpr RouteNeed routes[] = {
    {"GET", "/", Need::nothing},
    {"GET", "/healthz", Need::nothing},
    {"GET", "/readyz", Need::nothing},
    {"GET", "/api/docs", Need::nothing},
    {"GET", "/api/v1/openapi.json", Need::nothing},
    {"GET", "/links/impression/{token}", Need::nothing}, // signed: the link is the right
    {"GET", "/links/click/{token}", Need::nothing},
    {"GET", "/metrics", Need::look},
    {"GET", "/v1/projects/{writeKey}/settings", Need::nothing},
    {"GET", "/sourceConfig", Need::nothing},
    {"GET", "/sourceConfig/", Need::nothing},
    {"POST", "/v1/track", Need::ingest},
    {"POST", "/v1/identify", Need::ingest},
    {"POST", "/v1/alias", Need::ingest},
    {"POST", "/v1/page", Need::ingest},
    {"POST", "/v1/screen", Need::ingest},
    {"POST", "/v1/group", Need::ingest},
    {"POST", "/v1/t", Need::ingest},
    {"POST", "/v1/i", Need::ingest},
    {"POST", "/v1/a", Need::ingest},
    {"POST", "/v1/p", Need::ingest},
    {"POST", "/v1/s", Need::ingest},
    {"POST", "/v1/g", Need::ingest},
    {"POST", "/v1/batch", Need::ingest},
    {"POST", "/v1/b", Need::ingest},
    {"POST", "/v1/import", Need::ingest},
    {"POST", "/beacon/v1/batch", Need::ingest},
    {"POST", "/v1/m", Need::nothing},
    {"POST", "/api/v1/events", Need::ingest},
    {"GET", "/api/v1/events/recent", Need::people},
    {"POST", "/api/v1/decide", Need::decide},
    {"GET", "/api/v1/decide", Need::decide_link},
    {"POST", "/api/v1/decide:batch", Need::people},
    {"POST", "/api/v1/decisions/{id}/release", Need::release},
    {"GET", "/api/v1/decisions/{id}", Need::people},
    {"GET", "/api/v1/customers/{id}", Need::people},
    {"DELETE", "/api/v1/customers/{id}", Need::administer},
    {"GET", "/api/v1/customers/{id}/export", Need::people},
    {"GET", "/api/v1/customers/{id}/journey", Need::people},
    {"GET", "/api/v1/erasures/{id}", Need::administer},
    {"GET", "/api/v1/customers/{id}/why", Need::people},
    {"POST", "/api/v1/customers/{id}/unmerge", Need::people_edit},
    {"PUT", "/api/v1/customers/{id}/facts/{name}", Need::people_edit},
    {"DELETE", "/api/v1/customers/{id}/facts/{name}", Need::people_edit},
    {"GET", "/api/v1/gates/{id}/customers", Need::people},
    {"GET", "/api/v1/exports/{kind}", Need::people},
    {"GET", "/api/v1/features", Need::look},
    {"GET", "/api/v1/integration", Need::look},
    {"GET", "/api/v1/policies", Need::look},
    {"GET", "/api/v1/policies/current", Need::look},
    {"GET", "/api/v1/policies/draft", Need::look},
    {"PUT", "/api/v1/policies/draft", Need::edit},
    {"POST", "/api/v1/policies/draft/preview", Need::people},
    {"POST", "/api/v1/policies/draft/publish", Need::approve},
    {"GET", "/api/v1/policies/{version}", Need::look},
    {"POST", "/api/v1/policies/{version}/revert", Need::approve},
    {"GET", "/api/v1/policies/{from}/diff/{to}", Need::look},
    {"GET", "/api/v1/policies/scheduled", Need::look},
    {"GET", "/api/v1/policies/scheduled/{id}", Need::look},
    {"DELETE", "/api/v1/policies/scheduled/{id}", Need::approve},
    {"POST", "/api/v1/pause", Need::approve},
    {"DELETE", "/api/v1/pause/{id}", Need::approve},
    {"POST", "/api/v1/items:import", Need::edit},
    {"GET", "/api/v1/audiences/{id}/count", Need::look},
    {"GET", "/api/v1/audiences/{id}/export", Need::people},
    {"GET", "/api/v1/caps/totals", Need::look},
    {"POST", "/ofrep/v1/evaluate/flags", Need::decide},
    {"POST", "/ofrep/v1/evaluate/flags/{key}", Need::decide},
    {"GET", "/api/v1/keys", Need::administer},
    {"POST", "/api/v1/keys", Need::administer},
    {"DELETE", "/api/v1/keys/{id}", Need::administer},
    {"GET", "/api/v1/audit", Need::administer},
    {"GET", "/api/v1/backups", Need::look},
    {"POST", "/api/v1/backups", Need::administer},
};

} // namespace

std::string_view to_text(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  const auto found = std::find(role_names.begin(), role_names.end(), text);
  return found == role_names.end() ? std::nullopt : std::optional(static_cast<Role>(found - role_names.begin()));
}

bool may(Role role, Need need) { return table[static_cast<std::size_t>(need)][static_cast<std::size_t>(role)]; }

std::optional<Need> need_of(std::string_view method, std::string_view pattern) {
  for (const RouteNeed& route : routes)
    if (route.method == method && route.pattern == pattern) return route.need;
  // Documents of four kinds have the same five routes (api/routes/documents.cc).
  for (const std::string_view kind : {"items", "placements", "audiences", "features"}) {
    const std::string_view prefix = "/api/v1/";
    if (!pattern.starts_with(prefix)) break;
    const std::string_view rest = pattern.substr(prefix.size());
    if (rest != kind && !(rest.starts_with(kind) && rest.substr(kind.size()) == "/{id}")) continue;
    return method == "GET" ? Need::look : Need::edit;
  }
  return std::nullopt;
}

} // namespace takt
