#pragma once
/// Every maximum of the front door, with its reason. What a limit cuts is answered with a problem document or counted by reason.
#include <chrono>
#include <cstddef>

namespace takt::front_limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- the head of a request
constexpr std::size_t line_bytes_max = 8190;                 ///< without CR LF; cpp-httplib answers longer ones without a readable reason
constexpr std::size_t head_bytes_max = 16 * 1024;            ///< request line and all fields; browsers with many cookies send 8 KiB
constexpr std::size_t path_bytes_max = 2048;                 ///< without the query; our longest path has three ids of 128 bytes
constexpr std::size_t fields_max = 100;                      ///< a browser sends 20, a chain of proxies 40

// ---- its body
constexpr std::size_t chunk_digits_max = 8;                  ///< 4 GiB in one chunk; more digits only serve to overflow somebody
constexpr std::size_t chunk_line_bytes_max = 256;            ///< with its extension, which nobody sends
constexpr std::size_t chunk_extras_bytes_max = 4096;         ///< all extensions and trailers of a request: they are read and thrown away

// ---- one connection
constexpr std::size_t read_bytes = 64 * 1024;                ///< of one call; what follows a whole request waits, so at most that is read ahead
constexpr std::size_t turn_bytes_max = 256 * 1024;           ///< read for one connection before the others get their turn
constexpr std::size_t unsent_bytes_high = 256 * 1024;        ///< of a streamed answer: more is made when the client has taken this
constexpr std::size_t linger_bytes_max = 16 * 1024 * 1024;   ///< thrown away after a refusal, so that the client reads it before a reset

// ---- all connections
constexpr std::size_t connections_max = 10'000;              ///< 10 MB of state; fewer where the process may not open as many files
constexpr std::size_t files_kept = 512;                      ///< descriptors that the store and the rest of the process need
constexpr std::size_t buffers_bytes_max = std::size_t{256} << 20; ///< of requests being read and answers being written: 256 of the largest bodies
constexpr std::size_t large_body_bytes = std::size_t{1} << 20;  ///< above it …
constexpr std::size_t address_share = 4;                     ///< … one address announces a quarter of the buffers, or it could keep everybody else's large bodies out
constexpr std::size_t page_batch_bytes_max = 512 * 1024;     ///< of events by a publishable key, unpacked: Segment's own limit is 500 KB, and what visitors call things stays in memory as labels
constexpr std::size_t waiting_requests_max = 4096;           ///< more than half a second of work: a client is better off asking another server
constexpr std::size_t address_buckets = 4096;                ///< of the table of rate limits: 16,384 addresses in 256 KiB
constexpr int backlog = 4096;                                ///< the kernel may cap it; the library's 5 drops connections under a burst

// ---- time. Total, not per read: a byte every two seconds keeps nothing open.
constexpr seconds idle_time_max{75};                         ///< longer than proxies keep theirs (60), so that they close first and no request is lost
constexpr seconds head_time_max{2};                          ///< from its first byte; a head is one packet
constexpr seconds body_grace{5};                             ///< and a second more for each …
constexpr std::size_t body_bytes_per_second_min = 16 * 1024; ///< … that has come: 128 kbit/s, a poor mobile uplink
constexpr seconds body_time_max{60};
constexpr seconds write_grace{5};                            ///< in each span of it a reader must take …
constexpr std::size_t write_bytes_per_second_min = 16 * 1024; ///< … on average this much
constexpr seconds linger_time_max{2};
constexpr seconds drain_time_max{20};                        ///< an orchestrator kills after 30
constexpr milliseconds tick{250};                            ///< how late a deadline may be noticed
constexpr milliseconds job_patience{1};                      ///< a request that waits for longer wakes another worker: those before it are not computing
constexpr milliseconds accept_pause{100};                    ///< after the process ran out of descriptors

} // namespace takt::front_limits
