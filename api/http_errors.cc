#include "api/http_errors.h"

#include "api/json/codecs.h"

#include <nlohmann/json.hpp>

namespace takt {

std::string_view status_title(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

std::string problem_text(int status, std::string_view code, std::string_view detail, const std::vector<FieldError>& fields) {
  nlohmann::ordered_json problem{{"type", "about:blank"}, {"title", status_title(status)}, {"status", status},
                                 {"detail", detail},      {"code", code},                  {"message", status_title(status)}};
  if (!fields.empty()) {
    auto& errors = problem["errors"] = nlohmann::ordered_json::array();
    for (const FieldError& field : fields) errors.push_back({{"pointer", field.pointer}, {"detail", field.detail}});
  }
  return problem.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

HttpResponse refuse(int status, std::string_view code, std::string_view detail, const std::vector<FieldError>& fields) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = problem_text(status, code, detail, fields);
  return response;
}

HttpResponse refuse(const Error& error) {
  Problem problem = problem_of(error);
  HttpResponse response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.body = std::move(problem.body);
  if (response.status == 503 || response.status == 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

} // namespace takt
