#pragma once
/// The event loop behind Front. Not for others.
#include "api/front/connection.h"
#include "api/front/front.h"
#include "api/front/listener.h"
#include "api/front/work_queue.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace takt {

class Front::Loop {
public:
  Loop(FrontOptions options, ExchangeHandler handler);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Result<int> bind(const std::string& host, int port);
  void run();
  void drain() { draining_ = true; }
  void stop();
  FrontCounts counts() const;

private:
  using Time = Connection::Time;
  using Phase = Connection::Phase;

  // ---- loop.cc: turns
  void turn();
  void wait_for_events();
  void take_returned();
  void begin_stopping();
  bool is_done() const;
  void wake();
  // ---- loop.cc: connections come and go
  void accept_some();
  void add(int socket, const sockaddr_storage& peer);
  void refuse_unheard(int socket);
  bool make_room();
  void bury(Connection& connection);
  void remove_buried();
  void look_at_later(Connection& connection);
  void enter(Connection& connection, Phase phase);
  void count_bytes(Connection& connection);
  void note_refused(FrontReason reason);

  // ---- traffic.cc: one connection moves on
  void advance(Connection& connection);
  void read_some(Connection& connection);
  void feed(Connection& connection, std::string_view bytes);
  std::size_t announced_by(std::uint64_t caller) const;
  void begin_body(Connection& connection, bool more_has_come);
  void admit(Connection& connection);
  std::optional<int> refused_for(const Connection& connection);
  void hand_over();
  void say(Connection& connection, const Refusal& refusal, bool close, int retry_seconds = 0);
  void write_some(Connection& connection);
  void end_answer(Connection& connection);
  void begin_lingering(Connection& connection);
  void throw_away_some(Connection& connection);
  void check_deadlines();
  void check_deadline(Connection& connection);
  void check_reader(Connection& connection);
  // ---- traffic.cc: on a worker's thread
  void work(Connection& connection);
  void answer(Connection& connection);

  const FrontOptions options_;
  const ExchangeHandler handler_;
  Listener listener_;
  int epoll_ = -1;
  int wake_event_ = -1;
  std::atomic<std::size_t> connections_max_{0};      ///< set by bind()
  RateLimiter per_address_;
  FrontCounters counters_;
  std::atomic<bool> draining_{false}, stopping_{false};
  std::atomic<bool> sleeping_{false};                ///< in epoll_wait, or about to be
  bool stop_begun_ = false;
  Time now_, next_tick_, accept_again_, give_up_;
  bool accept_ready_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> buried_;
  std::vector<Connection*> ready_;                   ///< to be looked at in this turn
  std::vector<Connection*> looked_at_;               ///< scratch
  std::vector<Connection*> admitted_;                ///< in this turn, not yet in the queue
  std::string scratch_;                              ///< what recv fills
  std::size_t working_ = 0;                          ///< connections in that phase
  std::size_t buffer_bytes_ = 0;
  std::mutex returned_mutex_;
  std::vector<Connection*> returned_;                ///< by workers
  bool returned_urgent_ = false;                     ///< one of them cannot wait for the next event
  std::vector<Connection*> taken_;                   ///< scratch
  std::atomic<const WorkQueue*> shown_queue_{nullptr}; ///< queue_, for counts() from other threads
  std::unique_ptr<WorkQueue> queue_;                 ///< last: its threads use the rest
};

} // namespace takt
