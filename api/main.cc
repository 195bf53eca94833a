// takt: parse the command line; where a server owns the data directory, hand the command over; else open the store and do it.
#include "api/app.h"
#include "api/clock.h"
#include "api/commands/command.h"
#include "api/control.h"
#include "api/local_terminal.h"

#include <cstdio>
#include <filesystem>

namespace takt {
namespace {

int run(const std::vector<std::string>& arguments) {
  LocalTerminal terminal;
  ParsedCommand parsed = parse_command(arguments);
  if (!parsed.invocation) {
    (parsed.exit_code == 0 ? terminal.out(parsed.text) : terminal.err(parsed.text));
    return parsed.exit_code;
  }
  const Invocation& invocation = *parsed.invocation;
  auto config = config_of(invocation.common);
  if (!config) {
    report_error(terminal, invocation.common, config.error());
    return 2;
  }
  if (invocation.alone) return invocation.alone(*config, terminal);
  if (const auto code = run_at_server(control_socket_of(config->data_dir), arguments, terminal)) return *code;
  config->bulk_load = invocation.bulk_load;
  config->must_exist = !invocation.makes_directory;
  std::error_code error;
  if (invocation.fresh_is_simulation && !std::filesystem::exists(config->data_dir + "/store", error)) config->simulation = true;
  const SystemClock clock;
  auto app = App::open(*config, clock);
  if (!app) return report_error(terminal, invocation.common, app.error());
  return invocation.work(**app, terminal);
}

} // namespace
} // namespace takt

int main(int argc, char** argv) {
  try {
    return takt::run({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "takt: %s\n", problem.what());
    return 1;
  }
}
