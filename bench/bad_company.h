#pragma once
/// Clients that a server has to live with: some keep a connection and say nothing, some speak or listen a byte every two seconds and come
/// back whenever they are cut off. They are held by one thread of their own, until the object goes.
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

class BadCompany {
public:
  /// `path` is what slow readers ask for: an answer of some size.
  BadCompany(int port, int idle, int slow, std::string path);
  ~BadCompany();
  BadCompany(const BadCompany&) = delete;
  BadCompany& operator=(const BadCompany&) = delete;

  /// Of the idle ones, how many are still connected. Call when the load has ended.
  int idle_alive();
  std::uint64_t times_cut() const { return cut_; }

private:
  struct Slow { int socket = -1; bool reads = false; std::size_t said = 0; };
  void run();
  void begin(Slow& one);
  void step(Slow& one);

  const int port_;
  const std::string request_;
  std::vector<int> idle_;
  std::vector<Slow> slow_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> cut_{0};
  std::thread thread_;
};

/// A connected socket on this machine, or -1. `receive_buffer_bytes` 0 = the system's.
int connect_to(int port, int receive_buffer_bytes = 0);
