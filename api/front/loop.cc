#include "api/front/loop.h"

#include "core/check.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <latch>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace takt {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t accepts_per_turn = 64;         // a burst of new clients must not keep the others waiting
constexpr std::size_t events_per_turn = 256;

} // namespace

Front::Front(FrontOptions options, ExchangeHandler handler) : loop_(std::make_unique<Loop>(std::move(options), std::move(handler))) {}
Front::~Front() = default;
Result<int> Front::bind(const std::string& host, int port) { return loop_->bind(host, port); }
void Front::run() { loop_->run(); }
void Front::drain() { loop_->drain(); }
void Front::stop() { loop_->stop(); }
FrontCounts Front::counts() const { return loop_->counts(); }

Front::Loop::Loop(FrontOptions options, ExchangeHandler handler)
    : options_(std::move(options)), handler_(std::move(handler)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      per_address_(options_.per_address, front_limits::address_buckets), scratch_(front_limits::read_bytes, '\0') {
  TAKT_CHECK(options_.body_bytes_max && handler_, "a front without an answer");
}

Front::Loop::~Loop() {
  queue_.reset();
  connections_.clear();
  if (epoll_ >= 0) ::close(epoll_);
  if (wake_event_ >= 0) ::close(wake_event_);
}

Result<int> Front::Loop::bind(const std::string& host, int port) {
  if (epoll_ < 0 || wake_event_ < 0) return fail(ErrorCode::unavailable, "no descriptors left");
  std::signal(SIGPIPE, SIG_IGN); // a client that hangs up must not end the process
  const std::size_t files = raise_files_max();
  const std::size_t kept = std::min(front_limits::files_kept, files / 2);
  connections_max_ = std::min(options_.connections_max, files - kept);
  TAKT_TRY(bound, listener_.open(host, port));
  epoll_event listening{EPOLLIN | EPOLLET, {.ptr = &listener_}}, waking{EPOLLIN | EPOLLET, {.ptr = &wake_event_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_.socket(), &listening);
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_event_, &waking);
  return bound;
}

void Front::Loop::run() {
  now_ = steady_clock::now();
  next_tick_ = now_ + front_limits::tick;
  accept_ready_ = true;
  std::latch queue_stands(1);                // its threads lead at once, and a turn needs the queue
  const auto turn_unless_done = [this] {
    if (!is_done()) turn();
    return is_done();
  };
  queue_ = std::make_unique<WorkQueue>(options_.workers, options_.waiting_requests_max, [this](Connection& connection) { work(connection); },
                                       [this, &queue_stands] { queue_stands.wait(); if (options_.worker_begins) options_.worker_begins(); }, turn_unless_done);
  shown_queue_ = queue_.get();
  queue_stands.count_down();
  queue_->guard(front_limits::job_patience, front_limits::tick);
  queue_->stop();
  listener_.close();
}

bool Front::Loop::is_done() const {
  if (!stop_begun_) return false;
  return connections_.empty() || (now_ >= give_up_ && working_ == 0);
}

void Front::Loop::turn() {
  wait_for_events();
  if (stopping_ && !stop_begun_) begin_stopping();
  if (accept_ready_ && now_ >= accept_again_) accept_some();
  looked_at_.swap(ready_);
  for (Connection* connection : looked_at_) {
    connection->ready = false;
    advance(*connection);
  }
  looked_at_.clear();
  hand_over();
  if (now_ >= next_tick_) check_deadlines();
  remove_buried();
}

void Front::Loop::wait_for_events() {
  std::array<epoll_event, events_per_turn> events;
  const bool busy = !ready_.empty() || (accept_ready_ && now_ >= accept_again_);
  int wait_ms = 0;
  if (!busy) {
    sleeping_ = true;                               // before the last look at what workers returned: see wake()
    bool urgent = stopping_ && !stop_begun_;
    {
      const std::lock_guard lock(returned_mutex_);
      urgent = urgent || returned_urgent_;
    }
    const bool waiting = queue_->hurry(now_, front_limits::job_patience);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(waiting ? front_limits::job_patience : next_tick_ - now_).count();
    wait_ms = urgent ? 0 : static_cast<int>(std::clamp<std::int64_t>(left, 0, front_limits::tick.count()));
  }
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
  sleeping_ = false;
  now_ = steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == &listener_) {
      accept_ready_ = true;
    } else if (event.data.ptr == &wake_event_) {
      std::uint64_t value = 0;
      [[maybe_unused]] const ssize_t size = ::read(wake_event_, &value, sizeof value);
    } else {
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) connection.readable = true;
      if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.hung_up = true;
      if (connection.phase == Phase::working) connection.event_missed = true;
      else look_at_later(connection);
    }
  }
  take_returned();
}

/// A worker that returns a connection without waking the loop relies on the loop to look here after it has set `event_missed`.
void Front::Loop::take_returned() {
  {
    const std::lock_guard lock(returned_mutex_);
    taken_.swap(returned_);
    returned_urgent_ = false;
  }
  for (Connection* connection : taken_) {
    --working_;
    if (connection->gone) bury(*connection);
    else if (!connection->is_sent() || connection->exchange.next_piece) {
      enter(*connection, Phase::writing);
      look_at_later(*connection);
    } else end_answer(*connection);
    count_bytes(*connection);
  }
  taken_.clear();
}

void Front::Loop::wake() {
  if (!sleeping_.exchange(false)) return;           // awake, or woken already
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = ::write(wake_event_, &one, sizeof one);
}

void Front::Loop::stop() {
  stopping_ = true;
  wake();
}

/// Clients whose connection is still in the kernel's queue have connected as far as they know: they are let in first.
void Front::Loop::begin_stopping() {
  stop_begun_ = true;
  draining_ = true;
  give_up_ = now_ + front_limits::drain_time_max;
  accept_again_ = now_;
  for (std::size_t before = connections_.size() + 1; before != connections_.size();) {
    before = connections_.size();
    accept_some();
  }
  listener_.close();
  accept_ready_ = false;
  for (const auto& connection : connections_) {
    if (connection->phase != Phase::idle) continue;
    connection->readable = true;                    // a last look: what has come is answered
    look_at_later(*connection);
  }
}

void Front::Loop::accept_some() {
  for (std::size_t i = 0; i < accepts_per_turn; ++i) {
    int socket = -1;
    sockaddr_storage peer{};
    switch (listener_.accept(socket, peer)) {
      case Listener::Outcome::taken: break;
      case Listener::Outcome::nothing: accept_ready_ = false; return;
      case Listener::Outcome::no_descriptors:       // the edge does not come again: we do, after a pause and not in circles
        ++counters_.accepts_failed;
        make_room();
        accept_again_ = now_ + front_limits::accept_pause;
        return;
    }
    if (connections_.size() < connections_max_ || make_room()) add(socket, peer);
    else refuse_unheard(socket);
  }
}

void Front::Loop::add(int socket, const sockaddr_storage& peer) {
  auto connection = std::make_unique<Connection>(socket);
  connection->index = connections_.size();
  connection->peer = peer;
  connection->caller = caller_of(peer);
  connection->is_loopback = is_loopback(peer);
  connection->is_proxy = options_.trusted_proxies.contains(peer);
  connection->phase_begin = now_;
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = connection.get()}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) return;
  ++counters_.connections_accepted;
  ++counters_.connections_open;
  ++counters_.connections_parked;
  connection->readable = true;                      // most have sent their request already
  look_at_later(*connection);
  connections_.push_back(std::move(connection));
}

void Front::Loop::refuse_unheard(int socket) {
  note_refused(FrontReason::connections_full);
  const std::string text = refusal_answer({FrontReason::connections_full, "too many connections"}, true, 1);
  [[maybe_unused]] const ssize_t size = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(socket);
}

/// Closes the connection that has been idle for the longest, as a server may at any time.
bool Front::Loop::make_room() {
  Connection* oldest = nullptr;
  for (const auto& connection : connections_)
    if (connection->phase == Phase::idle && !connection->ready && (oldest == nullptr || connection->phase_begin < oldest->phase_begin)) oldest = connection.get();
  if (oldest == nullptr) return false;
  bury(*oldest);
  remove_buried();
  return true;
}

void Front::Loop::bury(Connection& connection) {
  if (connection.phase == Phase::closed) return;
  enter(connection, Phase::closed);
  buffer_bytes_ -= connection.counted_bytes;
  connection.counted_bytes = 0;
  const std::size_t index = connection.index;
  connections_.back()->index = index;
  std::swap(connections_[index], connections_.back());
  buried_.push_back(std::move(connections_.back()));
  connections_.pop_back();
  --counters_.connections_open;
}

/// Not before the end of a turn: its events and lists may name them.
void Front::Loop::remove_buried() {
  if (buried_.empty()) return;
  std::erase_if(ready_, [](const Connection* one) { return one->phase == Phase::closed; });
  buried_.clear();
}

void Front::Loop::look_at_later(Connection& connection) {
  if (connection.ready || connection.phase == Phase::closed) return;
  connection.ready = true;
  ready_.push_back(&connection);
}

void Front::Loop::enter(Connection& connection, Phase phase) {
  const auto is_parked = [](Phase one) { return one == Phase::idle || one == Phase::head || one == Phase::body; };
  const int change = (is_parked(phase) ? 1 : 0) - (is_parked(connection.phase) ? 1 : 0);
  if (change != 0) counters_.connections_parked += static_cast<std::uint64_t>(change);
  connection.phase = phase;
  connection.phase_begin = now_;
  connection.phase_bytes = 0;
  if (phase == Phase::writing) connection.unread_before = connection.unread_bytes();
}

void Front::Loop::count_bytes(Connection& connection) {
  if (connection.phase == Phase::closed || connection.phase == Phase::working) return;
  const std::size_t held = connection.held_bytes();
  buffer_bytes_ += held - connection.counted_bytes;
  connection.counted_bytes = held;
  counters_.buffer_bytes.store(buffer_bytes_, std::memory_order_relaxed);
}

void Front::Loop::note_refused(FrontReason reason) {
  counters_.refused[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  if (options_.refused) options_.refused(reason);
}

FrontCounts Front::Loop::counts() const {
  FrontCounts counts;
  counts.connections_open = counters_.connections_open;
  counts.connections_parked = counters_.connections_parked;
  counts.connections_accepted = counters_.connections_accepted;
  counts.connections_cut = counters_.connections_cut;
  counts.accepts_failed = counters_.accepts_failed;
  counts.connections_max = connections_max_;
  const WorkQueue* const queue = shown_queue_;
  counts.requests_waiting = queue != nullptr ? queue->waiting() : 0;
  counts.buffer_bytes = counters_.buffer_bytes;
  for (std::size_t i = 0; i < front_reasons_count; ++i) counts.refused[i] = counters_.refused[i];
  return counts;
}

} // namespace takt
