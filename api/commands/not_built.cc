// Commands of the contract that this release does not have: they say so, and fail.
#include "api/commands/command.h"

#include <algorithm>

namespace takt {

void add_commands_not_built(CLI::App& root, Invocation& invocation) {
  for (const char* name : {"ope", "experiments"}) {
    CLI::App* command = root.add_subcommand(name, "not built in this release");
    command->allow_extras();
    command->prefix_command();
    command->callback([&invocation, command, name = std::string(name)] {
      const std::vector<std::string> rest = command->remaining();
      invocation.common.json = invocation.common.json || std::find(rest.begin(), rest.end(), "--json") != rest.end();
      invocation.alone = [name, &common = invocation.common](const Config&, Terminal& terminal) {
        return report_error(terminal, common, {ErrorCode::not_built, "takt " + name + " is not built in this release (501)"});
      };
    });
  }
}

} // namespace takt
