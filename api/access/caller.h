#pragma once
/// Who is calling, as the guard found out. A value.
#include "api/access/role.h"

#include <string>
#include <vector>

namespace takt {

enum class KeyMode : std::uint8_t { live, test };                ///< test: events reach the debugger and nothing else, decisions are dry runs

struct Caller {
  Role role = Role::admin;
  KeyMode mode = KeyMode::live;
  std::string key_id;                                            ///< "" = no key was ever made: whoever reaches the port is an admin
  std::string name;                                              ///< the key's, for authors of changes
  std::vector<std::string> placements;                           ///< of a decide key; empty = any
  bool is_public() const { return role == Role::publishable || role == Role::decide; } ///< learns nothing about anybody
};

} // namespace takt
