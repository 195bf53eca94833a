#include "api/server.h"

#include "api/http_errors.h"
#include "core/check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <httplib.h>
#include <mutex>
#include <omp.h>
#include <optional>
#include <random>
#include <sys/socket.h>
#include <thread>

namespace takt {
namespace {

constexpr std::size_t target_bytes_max = 8192;     // the library stops there too, without a readable answer
constexpr std::size_t path_bytes_max = 2048;       // the library's one route is a regular expression: ~600 bytes of stack per character
constexpr std::size_t headers_max = 100;
constexpr std::size_t header_bytes_max = 16 * 1024;
constexpr std::size_t drained_bytes_max = 16 * 1024 * 1024; // a refused body of known size is read to its end, so that the client sees the answer
constexpr int backlog = 4096;                      // the library's 5 drops connections under a burst
constexpr auto body_time_max = std::chrono::seconds(10); // all of it: the library only limits each read
constexpr auto stream_time_max = std::chrono::seconds(20); // an orchestrator kills after 30
constexpr std::array headers_read{"authorization", "content-type", "if-match", "if-none-match", "origin", "x-request-id",
                                  "access-control-request-headers", "user-agent", "takt-author", "x-api-key", "host", "x-forwarded-proto", "ce-specversion",
                                  "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-anonymousid"};

/// Fixed threads; each tells OpenMP that requests are served by one thread, or every similarity search starts a team.
class RequestThreads final : public httplib::TaskQueue {
public:
  explicit RequestThreads(int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
  }
  void enqueue(std::function<void()> job) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }
  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

private:
  void work() {
    omp_set_num_threads(1);
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

bool takes_body(const std::string& method) { return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE"; }

struct Refusal { int status; std::string_view code; std::string_view detail; };

/// What makes the length of a message ambiguous is refused before a byte of the body is read (RFC 9112 §6.3, request smuggling).
std::optional<Refusal> check_framing(const httplib::Request& request) {
  const std::size_t lengths = request.get_header_value_count("Content-Length");
  const std::size_t encodings = request.get_header_value_count("Transfer-Encoding");
  if (lengths > 1) return Refusal{400, "bad_framing", "more than one Content-Length"};
  if (lengths == 1 && !is_digits(request.get_header_value("Content-Length"))) return Refusal{400, "bad_framing", "Content-Length is not a number"};
  if (lengths + encodings > 1) return Refusal{400, "bad_framing", "Content-Length and Transfer-Encoding together"};
  if (encodings == 1 && !equal_ignoring_case(request.get_header_value("Transfer-Encoding"), "chunked"))
    return Refusal{400, "bad_framing", "the only transfer coding accepted is chunked"};
  const bool has_body = encodings == 1 || (lengths == 1 && request.get_header_value("Content-Length") != "0");
  if (has_body && !takes_body(request.method)) return Refusal{400, "unexpected_body", "this method takes no body"};
  return std::nullopt;
}

std::optional<Refusal> check_head(const httplib::Request& request) {
  if (request.target.size() > target_bytes_max || request.path.size() > path_bytes_max)
    return Refusal{414, "target_too_long", "a path has at most 2048 and a target 8192 bytes"};
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  if (request.headers.size() > headers_max || bytes > header_bytes_max)
    return Refusal{431, "headers_too_large", "at most 100 header fields and 16 KiB of them"};
  if (auto refusal = check_framing(request)) return refusal;
  if (!request.ranges.empty()) return Refusal{400, "range", "ranges are not supported"};
  if (request.get_header_value("Content-Type").starts_with("multipart/"))
    return Refusal{415, "unsupported_media_type", "multipart bodies are not supported"};
  return std::nullopt;
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == ':' || c == '-';
  });
}

std::string new_request_id() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  static constexpr char digits[] = "0123456789abcdef";
  std::string id(16, '0');
  std::uint64_t bits = generator();
  for (char& c : id) {
    c = digits[bits & 15];
    bits >>= 4;
  }
  return id;
}

HttpRequest to_request(const httplib::Request& request) {
  HttpRequest ours;
  ours.method = request.method;
  ours.target = request.target;
  const std::string_view target = ours.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  ours.path = target.substr(0, question);
  if (question < target.size()) ours.query = parse_query(target.substr(question + 1, target.find('#', question) - question - 1));
  for (const char* name : headers_read)
    if (request.has_header(name)) ours.headers.emplace(name, request.get_header_value(name));
  const std::string& id = ours.header("x-request-id");
  ours.id = is_request_id(id) ? id : new_request_id();
  return ours;
}

enum class BodyEnd { complete, too_large, too_slow, broken };

} // namespace

struct HttpServer::Library {
  Router router;
  Metrics& metrics;
  ServerOptions options;
  httplib::Server server;
  socket_t listening = -1;
  std::atomic<bool> stopped{false};
  std::atomic<bool> running{false};
  std::atomic<int> streams{0};                       ///< streamed answers that are not yet written to their end

  Library(Router routes, Metrics& the_metrics, ServerOptions the_options)
      : router(std::move(routes)), metrics(the_metrics), options(std::move(the_options)) {
    configure();
    server.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      return before_body(request, response) ? httplib::Server::HandlerResponse::Handled : httplib::Server::HandlerResponse::Unhandled;
    });
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& reader) {
      answer_with_body(request, response, reader);
    };
    server.Post(".*", with_body);
    server.Put(".*", with_body);
    server.Patch(".*", with_body);
    server.Delete(".*", with_body);
  }

  void configure() {
    server.new_task_queue = [this] { return new RequestThreads(options.threads); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(1'000'000);
    server.set_keep_alive_timeout(5);
    server.set_read_timeout(5);
    server.set_write_timeout(5);
    server.set_socket_options([this](socket_t socket) {
      listening = socket;
      const int yes = 1; // not SO_REUSEPORT: a second server on this port must fail, not take half of the traffic
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty() || response.content_provider_) return;
      response.set_content(problem_text(response.status, "bad_request", "the request could not be read"), "application/problem+json");
    });
    server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      response.status = 500; // without this the library writes the exception's text into a header
      send_and_close(response, problem_text(500, "internal", "the request could not be answered"), "application/problem+json");
    });
  }

  /// Everything that needs no body, and every refusal for which none may be read. False: the body comes first.
  bool before_body(const httplib::Request& request, httplib::Response& response) {
    const auto begin = std::chrono::steady_clock::now();
    HttpRequest ours = to_request(request);
    if (const auto refusal = check_head(request)) {
      finish(ours, refuse(refusal->status, refusal->code, refusal->detail), response, true, "", begin);
      return true;
    }
    if (takes_body(request.method)) return false;
    answer(ours, response, false, begin);
    return true;
  }

  void answer_with_body(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& reader) {
    const auto begin = std::chrono::steady_clock::now();
    HttpRequest ours = to_request(request);
    BodyEnd end = BodyEnd::complete;
    // Without either header there is no body; the library would wait for the end of the connection.
    if (request.has_header("Content-Length") || request.has_header("Transfer-Encoding")) end = read_body(request, reader, ours, begin);
    switch (end) {
      case BodyEnd::complete: answer(ours, response, false, begin); return;
      case BodyEnd::too_large:
        finish(ours, refuse(413, "too_large", "the body is larger than this endpoint takes"), response, true, "", begin);
        return;
      case BodyEnd::too_slow:
        finish(ours, refuse(400, "too_slow", "the body did not arrive within 10 seconds"), response, true, "", begin);
        return;
      case BodyEnd::broken:
        finish(ours, refuse(400, "bad_body", "the body could not be read as its headers announce it"), response, true, "", begin);
        return;
    }
  }

  BodyEnd read_body(const httplib::Request& request, const httplib::ContentReader& reader, HttpRequest& ours,
                    std::chrono::steady_clock::time_point begin) {
    const Router::Match match = router.find(ours.method, ours.path);
    const std::size_t plain_max = match.route != nullptr && match.route->body_bytes_max > 0 ? match.route->body_bytes_max : options.body_bytes_max;
    const std::string encoding = request.get_header_value("Content-Encoding");
    const bool compressed = !encoding.empty() && !equal_ignoring_case(encoding, "identity");
    const std::size_t length = request.has_header("Content-Length") ? std::stoull(request.get_header_value("Content-Length")) : 0;
    const bool drain = !compressed && length > plain_max && length <= drained_bytes_max;
    if (length > plain_max && !drain) return BodyEnd::too_large;
    const std::size_t kept_max = compressed ? std::max(options.body_inflated_bytes_max, plain_max) : plain_max;
    BodyEnd end = BodyEnd::complete;
    const bool read = reader([&](const char* bytes, std::size_t size) {
      if (std::chrono::steady_clock::now() - begin > body_time_max) {
        end = BodyEnd::too_slow;
        return false;
      }
      if (drain) return true;
      if (size > kept_max - ours.body.size()) {
        end = BodyEnd::too_large;
        return false;
      }
      ours.body.append(bytes, size);
      return true;
    });
    if (drain) return BodyEnd::too_large;
    if (end != BodyEnd::complete) return end;
    return read ? BodyEnd::complete : BodyEnd::broken;
  }

  void answer(HttpRequest& request, httplib::Response& response, bool close, std::chrono::steady_clock::time_point begin) {
    if (request.method == "OPTIONS") {
      finish(request, preflight(request), response, close, "preflight", begin);
      return;
    }
    Router::Match match = router.find(request.method, request.path);
    if (match.route == nullptr) {
      finish(request, not_routed(match), response, close, "", begin);
      return;
    }
    request.parameters = std::move(match.parameters);
    HttpResponse result;
    try {
      result = match.route->handler(request);
    } catch (const std::exception&) { // out of memory, or our bug: the process goes on, the client learns nothing internal
      result = refuse(500, "internal", "the request could not be answered");
    }
    if (match.route->personal) result.headers.emplace_back("Cache-Control", "no-store");
    finish(request, std::move(result), response, close, match.route->pattern, begin);
  }

  static HttpResponse not_routed(const Router::Match& match) {
    if (match.allowed.empty()) return refuse(404, "not_found", "there is nothing at this path");
    std::string allow;
    for (const std::string& method : match.allowed) allow += (allow.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
    HttpResponse response = refuse(405, "method_not_allowed", "this path answers " + allow);
    response.headers.emplace_back("Allow", allow);
    return response;
  }

  HttpResponse preflight(const HttpRequest& request) const {
    HttpResponse response;
    response.status = 204;
    response.content_type.clear();
    response.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    if (!is_allowed_origin(request.header("origin"))) return response;
    response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    const std::string& asked = request.header("access-control-request-headers");
    const bool plain = std::all_of(asked.begin(), asked.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == ',' || c == ' '; });
    if (!asked.empty() && plain) response.headers.emplace_back("Access-Control-Allow-Headers", asked);
    response.headers.emplace_back("Access-Control-Max-Age", "900");
    return response;
  }

  bool is_allowed_origin(const std::string& origin) const {
    if (origin.empty()) return false;
    const bool listed = std::find(options.allowed_origins.begin(), options.allowed_origins.end(), origin) != options.allowed_origins.end();
    return listed || (options.knows_origin && options.knows_origin(origin));
  }

  void finish(const HttpRequest& request, HttpResponse ours, httplib::Response& response, bool close, std::string_view route,
              std::chrono::steady_clock::time_point begin) {
    response.status = ours.status;
    response.set_header("X-Request-Id", request.id);
    response.set_header("X-Content-Type-Options", "nosniff");
    if (is_allowed_origin(request.header("origin"))) {
      response.set_header("Access-Control-Allow-Origin", request.header("origin"));
      response.set_header("Access-Control-Expose-Headers", "ETag, Retry-After, X-Request-Id");
    }
    if (!options.allowed_origins.empty() || options.knows_origin) response.set_header("Vary", "Origin");
    for (const auto& [name, value] : ours.headers) response.set_header(name, value);
    const int status = ours.status;
    if (close) send_and_close(response, std::move(ours.body), ours.content_type);
    else if (ours.next_piece) stream(response, std::move(ours.next_piece), ours.content_type);
    else if (!ours.body.empty() || !ours.content_type.empty()) response.set_content(std::move(ours.body), ours.content_type);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    metrics.http_request(route.empty() ? "unmatched" : route, request.method, status, seconds.count());
  }

  /// The body of a refused request is still in the socket, and the library would execute it as the next request even after
  /// "Connection: close". A content provider that fails after its last byte makes the library close the socket instead.
  static void send_and_close(httplib::Response& response, std::string body, const std::string& content_type) {
    response.set_header("Connection", "close");
    auto shared = std::make_shared<const std::string>(std::move(body));
    response.set_content_provider(shared->size(), content_type, [shared](std::size_t, std::size_t, httplib::DataSink& sink) {
      sink.write(shared->data(), shared->size());
      return false;
    });
  }

  void stream(httplib::Response& response, std::function<bool(std::string&)> next_piece, const std::string& content_type) {
    ++streams;
    const std::shared_ptr<void> token(nullptr, [this](void*) { --streams; }); // dies with the answer, however it ends
    response.set_chunked_content_provider(content_type, [next = std::move(next_piece), token](std::size_t, httplib::DataSink& sink) {
      std::string piece;
      const bool more = next(piece);
      if (!piece.empty() && !sink.write(piece.data(), piece.size())) return false;
      if (!more) sink.done();
      return true;
    });
  }
};

HttpServer::HttpServer(Router router, Metrics& metrics, ServerOptions options)
    : library_(std::make_unique<Library>(std::move(router), metrics, std::move(options))) {}

HttpServer::~HttpServer() { stop(); }

Result<int> HttpServer::bind() {
  const ListenAddress& listen = library_->options.listen;
  std::signal(SIGPIPE, SIG_IGN); // a client that hangs up must not end the process
  int port = listen.port;
  const bool bound = port == 0 ? (port = library_->server.bind_to_any_port(listen.host)) > 0 : library_->server.bind_to_port(listen.host, port);
  if (!bound)
    return fail(ErrorCode::unavailable, "cannot listen on " + listen.host + ":" + std::to_string(listen.port) + ": the port is taken or not allowed");
  ::listen(library_->listening, backlog);
  return port;
}

void HttpServer::run() {
  library_->running = true;
  if (!library_->stopped) library_->server.listen_after_bind();
  library_->running = false;
}

void HttpServer::stop() {
  library_->stopped = true;
  // The library cuts streamed answers off when it stops: they get their time first.
  const auto give_up = std::chrono::steady_clock::now() + stream_time_max;
  while (library_->streams > 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  // And it forgets a stop() that comes before its loop has begun.
  while (library_->running && !library_->server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  library_->server.stop();
}

} // namespace takt
