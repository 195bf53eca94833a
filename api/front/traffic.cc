#include "api/front/inflate.h"
#include "api/front/loop.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sys/socket.h>

namespace takt {
namespace {

/// How long a transfer may take of which `bytes` have come so far.
std::chrono::nanoseconds time_for(std::chrono::seconds grace, std::uint64_t bytes, std::size_t bytes_per_second_min) {
  return grace + std::chrono::seconds(static_cast<std::int64_t>(bytes / bytes_per_second_min));
}

} // namespace

void Front::Loop::advance(Connection& connection) {
  switch (connection.phase) {
    case Phase::idle:
    case Phase::head:
    case Phase::body: read_some(connection); break;
    case Phase::writing: write_some(connection); break;
    case Phase::lingering: throw_away_some(connection); break;
    case Phase::working:
    case Phase::closed: return;
  }
  count_bytes(connection);
}

void Front::Loop::read_some(Connection& connection) {
  if (!connection.ahead().empty()) {
    const std::string ahead = std::move(connection.ahead_bytes);
    const std::size_t begin = connection.ahead_begin;
    connection.ahead_bytes.clear();
    connection.ahead_begin = 0;
    feed(connection, std::string_view(ahead).substr(begin));
  }
  const auto is_reading = [&] { return connection.phase == Phase::idle || connection.phase == Phase::head || connection.phase == Phase::body; };
  for (std::size_t budget = front_limits::turn_bytes_max; is_reading() && connection.readable && connection.ahead().empty();) {
    const ssize_t count = ::recv(connection.socket, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      connection.readable = false;
      break;
    }
    if (count <= 0) return bury(connection);        // also in the middle of a request: nobody is left to answer
    const auto size = static_cast<std::size_t>(count);
    connection.phase_bytes += size;
    if (size < scratch_.size() && !connection.hung_up) connection.readable = false; // that was all, and more is told by another edge
    feed(connection, std::string_view(scratch_).substr(0, size));
    budget -= std::min(budget, size);
    if (budget == 0 && is_reading()) return look_at_later(connection);
  }
  if (stop_begun_ && connection.phase == Phase::idle && connection.ahead().empty() && !connection.readable) bury(connection);
}

void Front::Loop::feed(Connection& connection, std::string_view bytes) {
  RequestFraming& framing = connection.framing;
  while (!bytes.empty()) {
    if (connection.phase == Phase::idle) enter(connection, Phase::head);
    bytes.remove_prefix(framing.take(bytes));
    if (framing.state() == RequestFraming::State::head_done) begin_body(connection, !bytes.empty());
    if (framing.state() == RequestFraming::State::refused) return say(connection, framing.refusal(), true);
    if (connection.phase != Phase::head && connection.phase != Phase::body) return; // refused, or gone
    if (framing.state() == RequestFraming::State::complete) {
      connection.ahead_bytes.assign(bytes);
      connection.ahead_begin = 0;
      return admit(connection);
    }
  }
  count_bytes(connection);
  if (buffer_bytes_ > options_.buffers_bytes_max && connection.phase == Phase::body)
    say(connection, {FrontReason::memory_full, "too much is being received at once"}, true, 1);
}

/// Bodies on their way from one address. Asked for large ones only: it looks at every connection.
std::size_t Front::Loop::announced_by(std::uint64_t caller) const {
  std::size_t bytes = 0;
  for (const auto& other : connections_)
    if (other && other->phase == Connection::Phase::body && other->caller == caller) bytes += other->framing.announced_bytes();
  return bytes;
}

/// The head is whole. What is refused here has not cost a byte of body.
void Front::Loop::begin_body(Connection& connection, bool more_has_come) {
  RequestFraming& framing = connection.framing;
  framing.begin_body(options_.body_bytes_max(framing.method(), framing.target()));
  if (framing.state() != RequestFraming::State::body) return;
  if (buffer_bytes_ + framing.announced_bytes() > options_.buffers_bytes_max)
    return say(connection, {FrontReason::memory_full, "too much is being received at once"}, true, 1);
  if (!connection.is_proxy && framing.announced_bytes() > front_limits::large_body_bytes &&
      announced_by(connection.caller) + framing.announced_bytes() > options_.buffers_bytes_max / front_limits::address_share)
    return say(connection, {FrontReason::memory_full, "too much is being received from this address at once"}, true, 1);
  enter(connection, Phase::body);
  if (!framing.expects_continue() || more_has_come) return;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  if (::send(connection.socket, go_on.data(), go_on.size(), MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(go_on.size())) bury(connection);
}

/// The rate of whoever speaks: a trusted proxy's connection carries the requests of many. One that it does not name is counted as the proxy,
/// and never as this machine.
std::optional<int> Front::Loop::refused_for(const Connection& connection) {
  if (options_.per_address.per_second <= 0) return std::nullopt;
  std::uint64_t caller = connection.caller;
  bool is_local = connection.is_loopback;
  if (connection.is_proxy) {
    const auto named = options_.trusted_proxies.caller_behind(connection.peer, connection.framing.fields());
    if (named) caller = caller_of(*named);
    is_local = named && is_loopback(*named);
  }
  if (is_local && !options_.limits_loopback) return std::nullopt;
  return per_address_.refused_for(caller, std::chrono::nanoseconds(now_.time_since_epoch()).count());
}

void Front::Loop::admit(Connection& connection) {
  RequestFraming& framing = connection.framing;
  if (const auto seconds = refused_for(connection))
    return say(connection, {FrontReason::rate_limited, "this address asks more often than it may"}, !framing.keep_alive(), *seconds);
  Exchange& exchange = connection.exchange;
  exchange.keep_alive = framing.keep_alive() && !(draining_ && connection.ahead().empty());
  exchange.old_version = framing.is_old_version();
  exchange.close = false;
  exchange.arrived = now_;
  connection.packed = framing.is_gzip();
  connection.inflated_bytes_max = options_.body_inflated_bytes_max;
  connection.loop_waits = !connection.ahead().empty() || connection.readable;
  connection.event_missed = false;
  enter(connection, Phase::working);
  admitted_.push_back(&connection);
}

void Front::Loop::hand_over() {
  if (admitted_.empty()) return;
  // Counted before: a worker may return one before push() does.
  working_ += admitted_.size();
  const std::size_t taken = queue_->push(admitted_, now_);
  working_ -= admitted_.size() - taken;
  for (std::size_t i = taken; i < admitted_.size(); ++i) {
    say(*admitted_[i], {FrontReason::queue_full, "more is asked than can be answered in time"}, !admitted_[i]->exchange.keep_alive, 1);
    count_bytes(*admitted_[i]);
  }
  admitted_.clear();
}

/// `close`: where the bytes that follow cannot be trusted to be a request.
void Front::Loop::say(Connection& connection, const Refusal& refusal, bool close, int retry_seconds) {
  note_refused(refusal.reason);
  close = close || draining_;
  connection.exchange.output = refusal_answer(refusal, close, retry_seconds);
  connection.exchange.close = close;
  connection.sent = 0;
  connection.lingers = close;
  connection.framing = RequestFraming();            // with the memory that it held
  enter(connection, Phase::writing);
  write_some(connection);
}

void Front::Loop::write_some(Connection& connection) {
  if (!connection.send_some()) return bury(connection);
  if (!connection.is_sent()) return;                // the socket tells when there is room
  if (!connection.exchange.next_piece) return end_answer(connection);
  connection.loop_waits = true;
  connection.event_missed = false;
  enter(connection, Phase::working);
  ++working_;
  queue_->push_admitted(connection, now_);
}

void Front::Loop::end_answer(Connection& connection) {
  const bool close = connection.exchange.close || !connection.exchange.keep_alive;
  connection.exchange = Exchange();
  connection.sent = 0;
  connection.framing = RequestFraming();
  if (close) return begin_lingering(connection);
  enter(connection, Phase::idle);
  // Not at once: a client that pipelines a thousand requests would recurse here, and keep the others waiting.
  if (!connection.ahead().empty() || connection.readable || stop_begun_) look_at_later(connection);
}

/// A socket that is closed with unread bytes resets the connection, and the client may lose the answer that it has not read yet.
void Front::Loop::begin_lingering(Connection& connection) {
  ::shutdown(connection.socket, SHUT_WR);
  connection.ahead_bytes = std::string();
  connection.ahead_begin = 0;
  enter(connection, Phase::lingering);
  throw_away_some(connection);
}

void Front::Loop::throw_away_some(Connection& connection) {
  for (std::size_t budget = front_limits::turn_bytes_max; budget > 0;) {
    const ssize_t count = ::recv(connection.socket, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && connection.lingers) {
      connection.readable = false;
      return;
    }
    if (count <= 0) return bury(connection);
    connection.phase_bytes += static_cast<std::uint64_t>(count);
    if (connection.phase_bytes > front_limits::linger_bytes_max) return bury(connection);
    budget -= std::min(budget, static_cast<std::size_t>(count));
  }
  look_at_later(connection);
}

void Front::Loop::check_deadlines() {
  next_tick_ = now_ + front_limits::tick;
  for (std::size_t i = connections_.size(); i-- > 0;) check_deadline(*connections_[i]); // backwards: burying moves the last one into the gap
}

void Front::Loop::check_deadline(Connection& connection) {
  if (connection.phase == Phase::working) return;   // what it has sent is a worker's to know
  const std::chrono::nanoseconds passed = now_ - connection.phase_begin;
  const std::uint64_t bytes = connection.phase_bytes;
  bool late = false;
  switch (connection.phase) {
    case Phase::idle:
      if (passed > front_limits::idle_time_max) bury(connection);
      return;
    case Phase::lingering:
      if (passed > front_limits::linger_time_max) bury(connection);
      return;
    case Phase::head: late = passed > front_limits::head_time_max; break;
    case Phase::body:
      late = passed > front_limits::body_time_max || passed > time_for(front_limits::body_grace, bytes, front_limits::body_bytes_per_second_min);
      break;
    case Phase::writing:
      check_reader(connection);
      return;
    case Phase::working:
    case Phase::closed: return;
  }
  if (!late) return;
  ++counters_.connections_cut;
  say(connection, {FrontReason::too_slow, "the request did not arrive in time"}, true);
  count_bytes(connection);
}

/// What the kernel took is not yet read, and it asks for more only when a third of its megabytes has gone: what counts is what the client
/// has acknowledged, in spans of the grace.
void Front::Loop::check_reader(Connection& connection) {
  if (now_ - connection.phase_begin < front_limits::write_grace) return;
  const std::uint64_t unread = connection.unread_bytes();
  const std::uint64_t delivered = connection.phase_bytes + connection.unread_before - unread;
  if (delivered < front_limits::write_bytes_per_second_min * static_cast<std::uint64_t>(front_limits::write_grace.count())) {
    ++counters_.connections_cut;
    bury(connection);
    return;
  }
  enter(connection, Phase::writing);
}

/// On a worker's thread. The connection is the worker's until it is on the list of returned ones, and never after.
void Front::Loop::work(Connection& connection) {
  if (!connection.exchange.next_piece) answer(connection);
  if (connection.exchange.next_piece) connection.make_pieces(); // one turn: a client that reads as fast as we write would keep this worker
  connection.gone = !connection.send_some();
  const Exchange& exchange = connection.exchange;
  const bool unfinished = connection.gone || !connection.is_sent() || exchange.next_piece || exchange.close || !exchange.keep_alive;
  bool urgent = false;
  {
    const std::lock_guard lock(returned_mutex_);
    returned_.push_back(&connection);
    // Otherwise nothing is to be done until the client sends something, and that wakes the loop anyway.
    urgent = unfinished || connection.loop_waits || connection.event_missed || stopping_;
    returned_urgent_ = returned_urgent_ || urgent;
  }
  if (urgent) wake();
}

void Front::Loop::answer(Connection& connection) {
  Exchange& exchange = connection.exchange;
  RequestFraming& framing = connection.framing;
  exchange.body = std::move(framing.body());
  if (connection.packed) {
    std::string plain;
    const InflateEnd end = inflate_gzip(exchange.body, connection.inflated_bytes_max, plain);
    if (end != InflateEnd::complete) {
      const Refusal refusal = end == InflateEnd::too_large ? Refusal{FrontReason::too_large, "the body is larger than this endpoint takes"}
                                                           : Refusal{FrontReason::bad_body, "the body is not the gzip that its headers announce"};
      note_refused(refusal.reason);
      exchange.output = refusal_answer(refusal, !exchange.keep_alive);
      exchange.body = std::string();
      return;
    }
    exchange.body = std::move(plain);
  }
  exchange.head = framing.head(exchange.body.size());
  name_of(connection.peer, exchange.address, exchange.port);
  handler_(exchange);
  exchange.head = std::string();
  exchange.body = std::string();
  framing = RequestFraming();
}

} // namespace takt
