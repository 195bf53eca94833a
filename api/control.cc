#include "api/control.h"

#include "api/local_terminal.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <list>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace takt {
namespace {

constexpr std::uint32_t frame_bytes_max = 1 << 20;

struct Frame { char kind = 0; std::string bytes; };

bool send_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) {
      if (sent < 0 && errno == EINTR) continue;
      return false;
    }
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, bytes, size, 0);
    if (got <= 0) {
      if (got < 0 && errno == EINTR) continue;
      return false;
    }
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_frame(int socket, char kind, std::string_view bytes) {
  do {
    const std::string_view piece = bytes.substr(0, frame_bytes_max);
    const auto size = static_cast<std::uint32_t>(piece.size());
    const std::array<char, 5> head{kind, static_cast<char>(size & 0xff), static_cast<char>((size >> 8) & 0xff), static_cast<char>((size >> 16) & 0xff),
                                   static_cast<char>(size >> 24)};
    if (!send_all(socket, head.data(), head.size()) || !send_all(socket, piece.data(), piece.size())) return false;
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
  return true;
}

std::optional<Frame> receive_frame(int socket) {
  std::array<char, 5> head{};
  if (!receive_all(socket, head.data(), head.size())) return std::nullopt;
  std::uint32_t size = 0;
  for (std::size_t i = 4; i >= 1; --i) size = (size << 8) | static_cast<unsigned char>(head[i]);
  if (size > frame_bytes_max) return std::nullopt;
  Frame frame{head[0], std::string(size, '\0')};
  if (!receive_all(socket, frame.bytes.data(), size)) return std::nullopt;
  return frame;
}

std::vector<std::string> split_words(std::string_view bytes) {
  std::vector<std::string> words;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    words.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return words;
}

bool address_of(const std::string& path, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

/// The client's terminal, at the other end.
class RemoteTerminal final : public Terminal {
public:
  RemoteTerminal(int socket, std::string directory, bool shows_progress) : socket_(socket), directory_(std::move(directory)), shows_progress_(shows_progress) {}
  // Words to a client that has left are lost; the command itself goes on to its end.
  void out(std::string_view text) override { static_cast<void>(send_frame(socket_, 'O', text)); }
  void err(std::string_view text) override { static_cast<void>(send_frame(socket_, 'E', text)); }
  bool shows_progress() const override { return shows_progress_; }
  Result<std::string> input_file(const std::string& argument, const std::string& spool_directory) override {
    if (argument != "-") return regular((std::filesystem::path(directory_) / argument).string()); // an absolute argument stays as it is
    if (!send_frame(socket_, 'R', {})) return fail(ErrorCode::unavailable, "the client left");
    return spool(spool_directory, [this]() -> Result<std::string> {
      auto frame = receive_frame(socket_);
      if (!frame || frame->kind != 'I') return fail(ErrorCode::unavailable, "the client's input broke off");
      return std::move(frame->bytes);
    });
  }

private:
  /// A pipe of the client's shell is not the server's, and opening a named one would keep a thread for as long as nobody writes.
  static Result<std::string> regular(std::string path) {
    std::error_code unknown;
    const auto status = std::filesystem::status(path, unknown);
    if (!std::filesystem::is_other(status)) return path;
    return fail(ErrorCode::invalid, path + " is a pipe or a device: the server beside which this runs reads files only. Say - and pipe it in");
  }

  int socket_;
  std::string directory_;
  bool shows_progress_;
};

int run_command(App& app, RemoteTerminal& terminal, const std::vector<std::string>& arguments) {
  try {
    ParsedCommand parsed = parse_command(arguments);
    if (!parsed.invocation) {
      (parsed.exit_code == 0 ? terminal.out(parsed.text) : terminal.err(parsed.text));
      return parsed.exit_code;
    }
    if (!parsed.invocation->work) {
      terminal.err("takt: this command does not run inside a server\n");
      return 2;
    }
    return parsed.invocation->work(app, terminal);
  } catch (const std::exception& problem) { // out of memory, or our bug: the server goes on
    terminal.err(std::string("takt: ") + problem.what() + "\n");
    return 1;
  }
}

} // namespace

std::string control_socket_of(const std::string& data_dir) { return data_dir + "/control.sock"; }

struct ControlServer::State {
  App& app;
  std::string path;
  int listening = -1;
  std::atomic<bool> stopping{false};
  std::thread acceptor;
  std::mutex mutex;
  struct Client { std::thread thread; std::shared_ptr<std::atomic<bool>> done; int socket; };
  std::list<Client> clients;

  explicit State(App& the_app) : app(the_app) {}

  void serve(int socket) {
    if (const auto frame = receive_frame(socket); frame && frame->kind == 'A') {
      std::vector<std::string> words = split_words(frame->bytes);
      if (words.size() >= 2) {
        RemoteTerminal terminal(socket, words[0], words[1] == "1");
        words.erase(words.begin(), words.begin() + 2);
        const char code = static_cast<char>(run_command(app, terminal, words));
        static_cast<void>(send_frame(socket, 'X', {&code, 1}));
      }
    }
    ::shutdown(socket, SHUT_RDWR); // closed by whoever joins: until then its number is nobody else's
  }

  /// Until the command has ended.
  static void join(Client& client) {
    client.thread.join();
    ::close(client.socket);
  }

  void accept_clients() {
    while (!stopping) {
      pollfd ready{listening, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue; // so that stopping is noticed
      const int socket = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      const std::lock_guard lock(mutex);
      for (auto client = clients.begin(); client != clients.end();) {
        if (!*client->done) {
          ++client;
          continue;
        }
        join(*client);
        client = clients.erase(client);
      }
      auto done = std::make_shared<std::atomic<bool>>(false);
      clients.push_back({std::thread([this, socket, done] {
                           serve(socket);
                           *done = true;
                         }),
                         done, socket});
    }
  }
};

ControlServer::ControlServer(App& app) : state_(std::make_unique<State>(app)) {}

Status ControlServer::start(const std::string& path) {
  sockaddr_un address{};
  if (!address_of(path, address)) return fail(ErrorCode::unavailable, "the path of the control socket is too long: " + path);
  state_->path = path;
  state_->listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::unlink(path.c_str()); // we own the directory: what lies there is left over from a process that was killed
  const mode_t before = ::umask(0177); // 0600 from the first moment
  const bool bound = state_->listening >= 0 && ::bind(state_->listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  if (!bound || ::listen(state_->listening, 16) != 0) return fail(ErrorCode::unavailable, "cannot listen on " + path + ": " + std::strerror(errno));
  state_->acceptor = std::thread([state = state_.get()] { state->accept_clients(); });
  return {};
}

ControlServer::~ControlServer() {
  state_->stopping = true;
  if (state_->acceptor.joinable()) state_->acceptor.join();
  for (State::Client& client : state_->clients) ::shutdown(client.socket, SHUT_RD); // what somebody has not typed yet, no command waits for
  for (State::Client& client : state_->clients) State::join(client);
  if (state_->listening >= 0) ::close(state_->listening);
  if (!state_->path.empty()) ::unlink(state_->path.c_str());
}

std::optional<int> run_at_server(const std::string& path, const std::vector<std::string>& arguments, Terminal& terminal) {
  sockaddr_un address{};
  if (!address_of(path, address)) return std::nullopt;
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return std::nullopt;
  }
  std::error_code error;
  std::string words = std::filesystem::current_path(error).string();
  words.push_back('\0');
  words += terminal.shows_progress() ? "1" : "0";
  words.push_back('\0');
  for (const std::string& argument : arguments) words.append(argument).push_back('\0');
  int code = 1;
  bool finished = false;
  bool connected = send_frame(socket, 'A', words);
  while (connected && !finished) {
    const auto frame = receive_frame(socket);
    if (!frame) break;
    switch (frame->kind) {
      case 'O': terminal.out(frame->bytes); break;
      case 'E': terminal.err(frame->bytes); break;
      case 'R':
        for (std::string piece(65536, '\0'); connected && !piece.empty();) {
          piece.resize(65536);
          piece.resize(std::fread(piece.data(), 1, piece.size(), stdin));
          connected = send_frame(socket, 'I', piece);
        }
        break;
      case 'X':
        code = frame->bytes.empty() ? 1 : static_cast<unsigned char>(frame->bytes.front());
        finished = true;
        break;
      default: connected = false;
    }
  }
  ::close(socket);
  if (!finished) terminal.err("takt: the server ended before the command did\n");
  return code;
}

} // namespace takt
