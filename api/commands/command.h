#pragma once
/// The command line: one file per command. Arguments become an Invocation; its work runs against an App, which is either this
/// process's own or, over the control socket, the one of a running server. So a command never knows where it runs.
/// Exit codes: 0 done, 1 failed, 2 wrong usage.
#include "api/app.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace takt {

/// Where a command's words go and its input comes from: this process's, or the client's at the other end of the socket.
class Terminal {
public:
  virtual ~Terminal() = default;
  virtual void out(std::string_view text) = 0;
  virtual void err(std::string_view text) = 0;
  virtual bool shows_progress() const = 0;                    ///< stderr is a terminal
  /// A file argument as a path this process can open: relative to the caller's directory; "-" is the caller's input, spooled.
  virtual Result<std::string> input_file(const std::string& argument, const std::string& spool_directory) = 0;
};

struct CommonOptions {
  std::string data_dir;                                       ///< "" = as configured
  std::string config = config_file_default;
  bool json = false;
  bool simulation = false;
};

struct Invocation {
  CommonOptions common;
  /// Exactly one of the two is set. `work` needs an App, wherever it is; `alone` runs in this process only.
  std::function<int(App&, Terminal&)> work;
  std::function<int(const Config&, Terminal&)> alone;
  bool bulk_load = false;
  bool makes_directory = false;                               ///< others refuse an absent one: most likely its name is mistyped
  bool fresh_is_simulation = false;                           ///< takt demo: a directory it makes is for simulation
};

struct ParsedCommand {
  std::unique_ptr<Invocation> invocation;                     ///< its work refers to it: it must not move
  int exit_code = 0;                                          ///< where there is none: help (0) or wrong usage (2)
  std::string text;
};
/// Arguments without the program's name.
ParsedCommand parse_command(const std::vector<std::string>& arguments);

/// Configuration of an invocation: file, environment, then --data-dir and --simulation.
Result<Config> config_of(const CommonOptions& common);

void add_serve(CLI::App& root, Invocation& invocation);
void add_import(CLI::App& root, Invocation& invocation);
void add_train(CLI::App& root, Invocation& invocation);
void add_decide(CLI::App& root, Invocation& invocation);
void add_why(CLI::App& root, Invocation& invocation);
void add_erase(CLI::App& root, Invocation& invocation);
void add_export(CLI::App& root, Invocation& invocation);
void add_doctor(CLI::App& root, Invocation& invocation);
void add_rebuild(CLI::App& root, Invocation& invocation);
void add_backup(CLI::App& root, Invocation& invocation);
void add_restore(CLI::App& root, Invocation& invocation);
void add_replay(CLI::App& root, Invocation& invocation);
void add_evaluate(CLI::App& root, Invocation& invocation);
void add_demo(CLI::App& root, Invocation& invocation);
void add_config(CLI::App& root, Invocation& invocation);
void add_keys(CLI::App& root, Invocation& invocation);
void add_commands_not_built(CLI::App& root, Invocation& invocation);

/// Writes the error, in JSON where that was asked for. Returns 1.
int report_error(Terminal& terminal, const CommonOptions& common, const Error& error);
/// "\rtext" on a terminal, nothing elsewhere; `end` starts a new line.
class ProgressLine {
public:
  explicit ProgressLine(Terminal& terminal) : terminal_(terminal) {}
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);

private:
  Terminal& terminal_;
  std::size_t width_ = 0;
};

} // namespace takt
