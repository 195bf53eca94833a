// Load over loopback HTTP, closed or open loop. Open loop (--rate) sends on a schedule and measures from the scheduled instant, not from
// the moment a free connection got round to it: a server that stalls cannot hide behind its own silence (coordinated omission; Tene 2013).
//   http_load --port P --path /api/v1/decide --body FILE [--connections 16] [--seconds 10] [--rate 1000] [--customers 100000] [--status 200]
//             [--method POST] [--threads 0] [--idle 0] [--slow 0] [--large-path /metrics]
// In the body, %N becomes a random number below --customers and %R a request number. --threads N: so many threads share the connections of
// a closed loop (0: one each), which costs less where they are many. --idle and --slow: bad company beside the load. Prints one JSON object.
#include "bench/bad_company.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Options {
  int port = 0;
  std::string path = "/", body, status = "200";
  std::string method = "POST", large_path = "/metrics";
  int connections = 16, threads = 0, idle = 0, slow = 0;
  double seconds = 10, rate = 0;
  std::uint64_t customers = 1;
};

class Connection {
public:
  explicit Connection(int port) : socket_(connect_to(port)), open_(socket_ >= 0) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  /// Sends and reads one whole answer; the status line's code, or "" when the connection broke.
  std::string exchange(const std::string& request) {
    if (!send(request)) return {};
    for (std::string status;;) {
      if (take_answer(status)) return status;
      if (!receive()) return {};
    }
  }
  bool send(const std::string& request) const {
    return open_ && ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
  }
  /// Takes an answer that has wholly come.
  bool take_answer(std::string& status) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t header = buffer_.find("Content-Length: ");
    const std::size_t length = header < end ? std::strtoull(buffer_.c_str() + header + 16, nullptr, 10) : 0;
    if (buffer_.size() < end + 4 + length) return false;
    status = buffer_.substr(9, 3);
    buffer_.erase(0, end + 4 + length);
    return true;
  }
  /// Waits for some bytes. False: the connection is at its end.
  bool receive() {
    char chunk[16384];
    const ssize_t got = ::recv(socket_, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }
  int socket() const { return socket_; }

private:
  int socket_;
  bool open_;
  std::string buffer_;
};

std::string request_for(const Options& options, std::uint64_t number, std::uint64_t& random) {
  std::string body;
  body.reserve(options.body.size() + 16);
  for (std::size_t i = 0; i < options.body.size(); ++i) {
    const bool hole = options.body[i] == '%' && i + 1 < options.body.size();
    if (hole && options.body[i + 1] == 'N') {
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      body += std::to_string((random >> 33) % options.customers);
      ++i;
    } else if (hole && options.body[i + 1] == 'R') {
      body += std::to_string(number);
      ++i;
    } else {
      body += options.body[i];
    }
  }
  const std::string line = options.method + " " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (body.empty()) return line + "\r\n";
  return line + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Worker { std::vector<double> micros; std::uint64_t wrong = 0; };

void run(const Options& options, int index, SteadyTime begin, SteadyTime end, Worker& worker) {
  Connection connection(options.port);
  std::uint64_t random = static_cast<std::uint64_t>(index) * 7919 + 1;
  for (std::uint64_t k = 0;; ++k) {
    SteadyTime due = std::chrono::steady_clock::now();
    if (options.rate > 0) {
      const double offset = (static_cast<double>(index) + static_cast<double>(k) * options.connections) / options.rate;
      due = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(offset));
      std::this_thread::sleep_until(due);
    }
    if (due >= end) return;
    const std::uint64_t number = k * static_cast<std::uint64_t>(options.connections) + static_cast<std::uint64_t>(index);
    const std::string status = connection.exchange(request_for(options, number, random));
    worker.micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - due).count());
    if (status != options.status) ++worker.wrong;
    if (status.empty()) return;
  }
}

/// A closed loop over some of the connections: those from `first` on, in steps of `step`.
void run_shared(const Options& options, int first, int step, SteadyTime end, std::vector<Worker>& workers) {
  struct Open {
    Open(int port, Worker& its_worker, int its_index) : connection(port), worker(its_worker), random(static_cast<std::uint64_t>(its_index) * 7919 + 1), index(its_index) {}
    Connection connection;
    Worker& worker;
    SteadyTime sent;
    std::uint64_t count = 0, random;
    int index;
  };
  std::deque<Open> open;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto ask = [&](Open& one) {
    const std::uint64_t number = one.count++ * static_cast<std::uint64_t>(options.connections) + static_cast<std::uint64_t>(one.index);
    one.sent = std::chrono::steady_clock::now();
    if (!one.connection.send(request_for(options, number, one.random))) ++one.worker.wrong;
  };
  for (int i = first; i < options.connections; i += step) {
    open.emplace_back(options.port, workers[static_cast<std::size_t>(i)], i);
    epoll_event event{EPOLLIN, {.ptr = &open.back()}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, open.back().connection.socket(), &event);
  }
  for (Open& one : open) ask(one);
  std::array<epoll_event, 64> events;
  for (std::size_t left = open.size(); left > 0;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 10'000);
    const SteadyTime now = std::chrono::steady_clock::now();
    if (count <= 0) break;
    for (int i = 0; i < count; ++i) {
      Open& one = *static_cast<Open*>(events[static_cast<std::size_t>(i)].data.ptr);
      std::string status;
      const bool alive = one.connection.receive();
      if (alive && !one.connection.take_answer(status)) continue;
      one.worker.micros.push_back(std::chrono::duration<double, std::micro>(now - one.sent).count());
      if (status != options.status) ++one.worker.wrong;
      if (alive && now < end) {
        ask(one);
        continue;
      }
      ::epoll_ctl(epoll, EPOLL_CTL_DEL, one.connection.socket(), nullptr);
      --left;
    }
  }
  ::close(epoll);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--port") options.port = std::atoi(value.c_str());
    if (flag == "--path") options.path = value;
    if (flag == "--status") options.status = value;
    if (flag == "--method") options.method = value;
    if (flag == "--large-path") options.large_path = value;
    if (flag == "--threads") options.threads = std::atoi(value.c_str());
    if (flag == "--idle") options.idle = std::atoi(value.c_str());
    if (flag == "--slow") options.slow = std::atoi(value.c_str());
    if (flag == "--connections") options.connections = std::atoi(value.c_str());
    if (flag == "--seconds") options.seconds = std::atof(value.c_str());
    if (flag == "--rate") options.rate = std::atof(value.c_str());
    if (flag == "--customers") options.customers = std::strtoull(value.c_str(), nullptr, 10);
    if (flag == "--body") {
      std::ifstream file(value);
      options.body.assign(std::istreambuf_iterator<char>(file), {});
    }
  }
  return options;
}

} // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  std::vector<Worker> workers(static_cast<std::size_t>(options.connections));
  std::vector<std::thread> threads;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::unique_ptr<BadCompany> company;
  if (options.idle + options.slow > 0) company = std::make_unique<BadCompany>(options.port, options.idle, options.slow, options.large_path);
  const SteadyTime begin = std::chrono::steady_clock::now();
  const SteadyTime end = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(options.seconds));
  for (int i = 0; i < options.threads; ++i) threads.emplace_back([&, i] { run_shared(options, i, options.threads, end, workers); });
  for (int i = 0; i < options.connections && options.threads == 0; ++i) threads.emplace_back([&, i] { run(options, i, begin, end, workers[static_cast<std::size_t>(i)]); });
  for (std::thread& thread : threads) thread.join();
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::vector<double> all;
  std::uint64_t wrong = 0, least = ~0ULL, most = 0;
  for (const Worker& worker : workers) {
    all.insert(all.end(), worker.micros.begin(), worker.micros.end());
    wrong += worker.wrong;
    least = std::min<std::uint64_t>(least, worker.micros.size());
    most = std::max<std::uint64_t>(most, worker.micros.size());
  }
  if (all.empty()) return 1;
  std::sort(all.begin(), all.end());
  const auto at = [&](double p) { return all[static_cast<std::size_t>(p * static_cast<double>(all.size() - 1))]; };
  std::printf("{\"requests\":%zu,\"requests_per_second\":%.1f,\"wrong\":%llu,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,"
              "\"least_per_connection\":%llu,\"most_per_connection\":%llu,\"open_loop_rate\":%.0f,"
              "\"idle_alive\":%d,\"times_cut\":%llu}\n",
              all.size(), static_cast<double>(all.size()) / elapsed, static_cast<unsigned long long>(wrong), at(0.5), at(0.9), at(0.99), at(0.999), all.back(),
              static_cast<unsigned long long>(least), static_cast<unsigned long long>(most), options.rate, company ? company->idle_alive() : 0,
              static_cast<unsigned long long>(company ? company->times_cut() : 0));
  return wrong == 0 ? 0 : 1;
}
