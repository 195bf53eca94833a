#pragma once
/// Who may do what: one table of roles by needs, one of routes by need. The tests go through every cell of both. Pure.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace takt {

/// What a caller is, in the order of the columns of docs/access.md.
enum class Role : std::uint8_t {
  publishable,   ///< a page or an app: everybody can read its key
  decide,        ///< the template of a mail tool: asks for a few placements by GET
  service,       ///< a back end of yours
  viewer,        ///< sees configuration and figures, no person
  marketer,      ///< drafts rules, edits items, placements and audiences
  approver,      ///< a marketer who may also put rules in force and stop selling
  analyst,       ///< sees people, decisions and figures; changes nothing
  admin,
};
constexpr std::size_t roles_count = 8;
std::string_view to_text(Role role);
std::optional<Role> parse_role(std::string_view text);

/// What a route asks of its caller.
enum class Need : std::uint8_t {
  nothing,       ///< alive? ready? what may a browser SDK know before its first event?
  ingest,
  decide,        ///< POST: with explain, seed and now only for those who may also look at people
  decide_link,   ///< GET /api/v1/decide
  release,       ///< give back what was reserved
  look,          ///< configuration and figures, nobody's data
  people,        ///< somebody's record, decision, reasons
  edit,          ///< drafts, items, placements, audiences, features
  people_edit,   ///< facts about people, un-merge
  approve,       ///< what takes effect on everybody: publish, revert, pause
  administer,    ///< keys, the log of changes
};
constexpr std::size_t needs_count = 11;

bool may(Role role, Need need);

/// Of a route by its pattern; none: the route is in no table, and nobody but an admin may use it.
std::optional<Need> need_of(std::string_view method, std::string_view pattern);

} // namespace takt
