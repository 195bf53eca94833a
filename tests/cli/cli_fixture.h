#pragma once
/// The built program from the outside: files in, words and exit codes out, alone and beside a running server.
#include "tests/support/temp_dir.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace takt::test {

using Json = nlohmann::json;

struct Ended { int code = -1; std::string out, err; };

class Cli : public testing::Test {
protected:
  std::string data() const { return directory_.path() + "/data"; }

  /// Runs `takt …` in the temporary directory.
  Ended run(const std::string& arguments, const std::string& input = "/dev/null") const {
    const std::string err = directory_.path() + "/stderr.txt";
    const std::string line = "cd '" + directory_.path() + "' && '" TAKT_PROGRAM "' " + arguments + " <'" + input + "' 2>'" + err + "'";
    Ended ended;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    std::array<char, 4096> buffer;
    for (std::size_t size; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) ended.out.append(buffer.data(), size);
    const int status = ::pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::ifstream stream(err);
    ended.err.assign(std::istreambuf_iterator<char>(stream), {});
    return ended;
  }
  Json json(const std::string& arguments) const {
    const Ended ended = run(arguments + " --json");
    EXPECT_EQ(ended.code, 0) << arguments << "\n" << ended.out << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() + "/" + name) << text;
    return name;
  }
  /// Twenty events of five people, three of them twice, and a line that is none.
  std::string write_events() const {
    std::string lines;
    for (int i = 0; i < 20; ++i)
      lines += Json{{"type", "track"}, {"userId", "u" + std::to_string(i % 5)}, {"event", "Product Viewed"}, {"messageId", "m" + std::to_string(i)},
                    {"timestamp", "2026-01-02T10:00:" + std::to_string(10 + i) + "Z"}, {"properties", {{"product_id", "p-" + std::to_string(i % 4)}}}}
                   .dump() + "\n";
    return write("events.ndjson", lines + "\nnot an event\n");
  }
  std::string write_feed() const {
    return write("feed.tsv", "id\ttitle\tlink\timage_link\tprice\tavailability\tproduct_type\tbrand\n"
                             "p-0\tPink pumps\thttps://shop.example/0\thttps://shop.example/0.jpg\t79.90 EUR\tin_stock\tShoes > Pumps\tAcme\n"
                             "p-1\tRed boots\thttps://shop.example/1\t\t99.00 EUR\tin stock\tShoes > Boots\tAcme\n"
                             "p-2\tGreen hat\thttps://shop.example/2\t\t19.00 EUR\tout of stock\tHats\tOther\n"
                             "p-3\tNo price\thttps://shop.example/3\t\tmuch\tin stock\tHats\tOther\n");
  }
  TempDir directory_;
};

/// `takt serve` as a child process; gone at the end.
class Served {
public:
  Served(const std::string& directory, const std::string& data_dir) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(pipe[1], STDOUT_FILENO);
      if (::chdir(directory.c_str()) == 0)
        ::execl(TAKT_PROGRAM, "takt", "serve", "--data-dir", data_dir.c_str(), "--listen", "127.0.0.1:0", "--json", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(pipe[1]);
    std::FILE* stream = ::fdopen(pipe[0], "r");
    std::array<char, 1024> line{};
    if (std::fgets(line.data(), static_cast<int>(line.size()), stream) != nullptr) {
      const std::string address = Json::parse(line.data())["listen"];
      port_ = std::stoi(address.substr(address.rfind(':') + 1));
    }
    std::fclose(stream);
  }
  ~Served() {
    if (process_ > 0) stop();
  }
  int port() const { return port_; }
  int stop() {
    int status = 0;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  pid_t process_ = -1;
  int port_ = 0;
};

} // namespace takt::test
