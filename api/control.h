#pragma once
/// Commands beside a running server: one process owns a data directory, so `takt train` and the others hand their arguments over
/// DATA_DIR/control.sock (a Unix socket, mode 0600) and get back what the command writes, and its exit code. Frames: one byte of
/// kind, four bytes of length (little endian), the bytes. Client: 'A' directory, terminal, arguments, each ended by NUL; 'I' a piece
/// of standard input, empty at its end. Server: 'O' stdout, 'E' stderr, 'R' please send your input, 'X' exit code.
/// Threads: ControlServer runs one per client. Errors: unavailable.
#include "api/app.h"
#include "api/commands/command.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace takt {

std::string control_socket_of(const std::string& data_dir);

class ControlServer {
public:
  explicit ControlServer(App& app);
  ~ControlServer();                                  ///< waits for running commands
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  Status start(const std::string& path);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs the command in the server of that socket. None: nobody listens there.
std::optional<int> run_at_server(const std::string& path, const std::vector<std::string>& arguments, Terminal& terminal);

} // namespace takt
