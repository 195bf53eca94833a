#include "api/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace takt {
namespace {

using prometheus::MetricType;

void append(std::vector<prometheus::MetricFamily>& all, const char* name, const char* help, MetricType type, double value) {
  prometheus::MetricFamily family{name, help, type, std::vector<prometheus::ClientMetric>(1)};
  family.metric[0].counter.value = family.metric[0].gauge.value = value;
  all.push_back(std::move(family));
}

/// Fields of proc_pid_stat(5) from the third on; the second, the program's name in parentheses, may hold anything.
struct Stat { double user_ticks = 0, system_ticks = 0, threads = 0, start_ticks = 0, virtual_bytes = 0, resident_pages = 0; bool is_read = false; };

Stat read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  Stat stat;
  if (!std::getline(file, line) || line.rfind(')') == std::string::npos) return stat;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  const auto skip = [&](int count) { for (int i = 0; i < count; ++i) fields >> skipped; };
  skip(11);                                          // state … cmajflt
  fields >> stat.user_ticks >> stat.system_ticks;    // 14, 15
  skip(4);                                           // cutime … nice
  fields >> stat.threads >> skipped >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages; // 20, itrealvalue, 22, 23, 24
  stat.is_read = !fields.fail();
  return stat;
}

/// Seconds since 1970 at which the machine started, 0 = unknown.
double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  double seconds = 0;
  for (std::string word; file >> word;)
    if (word == "btime") {
      file >> seconds;
      break;
    }
  return seconds;
}

} // namespace

void append_process_metrics(std::vector<prometheus::MetricFamily>& all) {
  const double ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK)), page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (const Stat stat = read_stat(); stat.is_read) {
    append(all, "process_cpu_seconds_total", "Time on a processor, user and system.", MetricType::Counter, (stat.user_ticks + stat.system_ticks) / ticks_per_second);
    append(all, "process_resident_memory_bytes", "Memory that the process holds.", MetricType::Gauge, stat.resident_pages * page_bytes);
    append(all, "process_virtual_memory_bytes", "Addresses that the process has reserved.", MetricType::Gauge, stat.virtual_bytes);
    append(all, "process_threads", "Threads of the process.", MetricType::Gauge, stat.threads);
    if (const double boot = boot_time_seconds(); boot > 0)
      append(all, "process_start_time_seconds", "When the process started, since 1970.", MetricType::Gauge, boot + stat.start_ticks / ticks_per_second);
  }
  std::error_code error;
  double files = -1;                                 // without the one that counts
  for (std::filesystem::directory_iterator file("/proc/self/fd", error); !error && file != std::filesystem::directory_iterator(); file.increment(error)) ++files;
  if (!error) append(all, "process_open_fds", "Open file descriptors.", MetricType::Gauge, files);
  if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    append(all, "process_max_fds", "File descriptors that the process may open.", MetricType::Gauge, static_cast<double>(limit.rlim_cur));
}

} // namespace takt
