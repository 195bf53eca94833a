#include "api/server.h"

#include "api/front/front.h"
#include "api/front/library_server.h"
#include "api/http_errors.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <omp.h>
#include <random>

namespace takt {
namespace {

constexpr std::array headers_read{"authorization", "content-type", "if-match", "if-none-match", "origin", "x-request-id",
                                  "access-control-request-headers", "user-agent", "takt-author", "x-api-key", "host", "x-forwarded-proto", "ce-specversion",
                                  "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-anonymousid",
                                  "sec-purpose", "purpose", "x-purpose", "x-moz", "traceparent", "x-forwarded-for", "forwarded", "via", "sec-fetch-site"};

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

/// Writes the line of a request when it goes: at once, or when the last piece of a streamed answer is made or its reader has left.
class LineAtTheEnd {
public:
  LineAtTheEnd(ProcessLog& log, const HttpRequest& request, std::string_view route, int status, std::chrono::steady_clock::time_point arrived)
      : log_(log), id_(request.id), traceparent_(request.header("traceparent")), method_(request.method), route_(route), key_id_(request.caller.key_id), status_(status), arrived_(arrived) {}
  ~LineAtTheEnd() {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - arrived_;
    log_.request({id_, traceparent_, method_, route_, status_, seconds.count(), key_id_, {}});
  }
  LineAtTheEnd(const LineAtTheEnd&) = delete;
  LineAtTheEnd& operator=(const LineAtTheEnd&) = delete;

private:
  ProcessLog& log_;
  const std::string id_, traceparent_, method_, route_, key_id_;
  const int status_;
  const std::chrono::steady_clock::time_point arrived_;
};

} // namespace

struct HttpServer::Library {
  Router router;
  Metrics& metrics;
  ServerOptions options;
  LibraryServer server;
  Front front;

  Library(Router routes, Metrics& the_metrics, ServerOptions the_options)
      : router(std::move(routes)), metrics(the_metrics), options(std::move(the_options)),
        server([this](const httplib::Request& request, httplib::Response& response, Exchange& exchange) { answer(request, response, exchange); }),
        front(front_options(), [this](Exchange& exchange) { server.process(exchange); }) {
    server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty() || response.content_provider_) return;
      response.set_content(problem_text(response.status, "bad_request", "the request could not be read"), "application/problem+json");
    });
    server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      response.status = 500; // without this the library writes the exception's text into a header
      response.set_content(problem_text(500, "internal", "the request could not be answered"), "application/problem+json");
    });
    metrics.set_front([this] { return front.counts(); });
  }
  ~Library() { metrics.set_front({}); }

  FrontOptions front_options() {
    FrontOptions chosen;
    chosen.workers = options.threads;
    chosen.worker_begins = [] { omp_set_num_threads(1); }; // a request is answered by one thread, or every similarity search starts a team
    chosen.per_address = options.per_address;
    chosen.limits_loopback = options.limits_loopback;
    chosen.trusted_proxies = options.trusted_proxies;
    if (options.log != nullptr)
      chosen.refused = [log = options.log](FrontReason reason) {
        RequestLine line;
        line.status = status_of(reason);
        line.code = code_of(reason);
        log->request(line);
      };
    chosen.connections_max = options.connections_max;
    chosen.body_inflated_bytes_max = options.body_inflated_bytes_max;
    chosen.body_bytes_max = [this](std::string_view method, std::string_view target) {
      const Router::Match match = router.find(method, target.substr(0, target.find('?')));
      return match.route != nullptr && match.route->body_bytes_max > 0 ? match.route->body_bytes_max : options.body_bytes_max;
    };
    return chosen;
  }

  void answer(const httplib::Request& request, httplib::Response& response, Exchange& exchange) {
    HttpRequest ours = to_request(request);
    ours.body = std::move(exchange.body);
    if (ours.headers.contains("content-type") && ours.header("content-type").starts_with("multipart/")) {
      finish(ours, refuse(415, "unsupported_media_type", "multipart bodies are not supported"), response, exchange, "");
      return;
    }
    if (ours.method == "OPTIONS") {
      finish(ours, preflight(ours), response, exchange, "preflight");
      return;
    }
    Router::Match match = router.find(ours.method, ours.path);
    if (match.route == nullptr) {
      finish(ours, not_routed(match), response, exchange, "");
      return;
    }
    ours.parameters = std::move(match.parameters);
    HttpResponse result;
    try {
      result = match.route->handler(ours);
    } catch (const std::exception&) { // out of memory, or our bug: the process goes on, the client learns nothing internal
      result = refuse(500, "internal", "the request could not be answered");
    }
    if (match.route->personal) result.headers.emplace_back("Cache-Control", "no-store");
    finish(ours, std::move(result), response, exchange, match.route->pattern);
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

  void finish(const HttpRequest& request, HttpResponse ours, httplib::Response& response, Exchange& exchange, std::string_view route) {
    response.status = ours.status;
    response.set_header("X-Request-Id", request.id);
    response.set_header("X-Content-Type-Options", "nosniff");
    if (is_allowed_origin(request.header("origin"))) {
      response.set_header("Access-Control-Allow-Origin", request.header("origin"));
      response.set_header("Access-Control-Expose-Headers", "ETag, Retry-After, X-Request-Id");
    }
    if (!options.allowed_origins.empty() || options.knows_origin) response.set_header("Vary", "Origin");
    for (const auto& [name, value] : ours.headers) response.set_header(name, value);
    const std::string_view shown_route = route.empty() ? "unmatched" : route;
    if (options.log != nullptr) {
      auto line = std::make_shared<LineAtTheEnd>(*options.log, request, shown_route, ours.status, exchange.arrived);
      if (ours.next_piece) ours.next_piece = [line = std::move(line), next = std::move(ours.next_piece)](std::string& piece) { return next(piece); };
    }
    if (ours.next_piece) LibraryServer::stream(response, exchange, ours.content_type, std::move(ours.next_piece));
    else if (!ours.body.empty() || !ours.content_type.empty()) response.set_content(std::move(ours.body), ours.content_type);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - exchange.arrived;
    metrics.http_request(shown_route, request.method, response.status, seconds.count());
  }
};

HttpServer::HttpServer(Router router, Metrics& metrics, ServerOptions options)
    : library_(std::make_unique<Library>(std::move(router), metrics, std::move(options))) {}

HttpServer::~HttpServer() { stop(); }

Result<int> HttpServer::bind() { return library_->front.bind(library_->options.listen.host, library_->options.listen.port); }
void HttpServer::run() { library_->front.run(); }
void HttpServer::drain() { library_->front.drain(); }
void HttpServer::stop() { library_->front.stop(); }

} // namespace takt
