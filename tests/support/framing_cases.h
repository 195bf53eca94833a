#pragma once
/// Requests of the kind that smuggling is made of, with the verdict: from RFC 9112 and the published attacks on its readers
/// (Linhart et al. 2005; Kettle 2019, 2021, 2022; CVE-2022-22720, CVE-2023-39326, CVE-2025-22871 among others).
#include "api/front/framing.h"

#include <string>
#include <vector>

namespace takt::test {

struct FramingCase {
  std::string name;
  std::string bytes;
  FrontReason reason;                                ///< of the refusal
};

/// Each must be refused for this reason, however its bytes are cut.
std::vector<FramingCase> refused_requests();

/// What a request became.
struct Framed {
  RequestFraming::State state = RequestFraming::State::head;
  std::optional<Refusal> refusal;
  std::string head, body;
  std::size_t taken = 0;
  bool keep_alive = false;
  bool operator==(const Framed&) const = default;
};

/// Feeds `bytes` in pieces of the given sizes (cyclic; empty: at once), with this limit for the body.
Framed frame(std::string_view bytes, const std::vector<std::size_t>& sizes = {}, std::size_t body_bytes_max = 1000);

} // namespace takt::test
