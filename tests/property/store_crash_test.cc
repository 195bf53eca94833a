// Kill −9 again and again: a child process commits and prints what was acknowledged; the parent kills it, opens the
// store, and looks for every acknowledged commit. TAKT_KILLS sets the number of rounds (default 20), TAKT_SEED when it is killed.
#include "tests/contract/store_contract.h"

#include "core/hash.h"
#include "core/random.h"
#include "core/record_codec.h"

#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace takt::test {
namespace {

constexpr std::uint64_t customers_count = 12;
constexpr std::uint64_t threads_count = 3;
const char* program = "";                                      // argv[0]: the child is this program again

Result<std::unique_ptr<Store>> open_store(const std::string& directory) {
  return open_rocksdb_store({.directory = directory, .cache_bytes = std::size_t{16} << 20, .sync_every = {}, .bulk_load = false});
}

std::string label_of(std::uint64_t number) { return "label " + std::to_string(number); }

/// One commit with a new label, a mark and now and then a decision.
Commit crash_commit(Store& store, CustomerId customer, Version version, std::uint64_t number) {
  Commit commit = make_commit(customer, version, number);
  commit.delta.operations.push_back(op::SetAccountGroup{store.symbols().intern(label_of(number))});
  commit.marks = {mark_of(number, test_time(number) + hours(24))};
  commit.raw.append(number % 7 == 0 ? 5000 : 50, 'x');         // memtables fill, files are flushed and compacted under the kill
  if (number % 5 == 0) {
    const DecisionId id = make_decision_id(test_time(number), customer, static_cast<std::uint32_t>(number));
    DecisionRecord record;
    record.decision.id = id;
    record.decision.customer = customer;
    commit.id = CommitId{id.bytes};
    commit.decision = encode_decision(record);
  }
  return commit;
}

/// Prints "customer version number" for each acknowledged commit, in one write: a line is whole or absent.
void acknowledge(CustomerId customer, Version version, std::uint64_t number) {
  const std::string line = std::to_string(customer.value) + " " + std::to_string(version) + " " + std::to_string(number) + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

/// Commits until it is killed. Thread 0 waits for each sync, 1 syncs after a few, 2 trusts the log: it must survive kill −9 too.
void commit_for_ever(Store& store, std::uint64_t thread, std::uint64_t round) {
  std::uint64_t number = round * 10'000'000 + thread * 1'000'000;
  std::vector<std::pair<Commit, std::uint64_t>> waiting;
  for (;; ++number) {
    const CustomerId customer{1 + thread + threads_count * (number % (customers_count / threads_count))};
    const Version version = (*store.records().read(customer, {}))->version;
    const Commit commit = crash_commit(store, customer, version, number);
    const CommitOutcome outcome = store.records().commit(std::span(&commit, 1), thread == 0 ? Durability::fsync : Durability::wal, {}).front();
    if (outcome != CommitOutcome::committed) std::_Exit(4);
    if (thread != 1) acknowledge(customer, version + 1, number);
    if (thread == 1) waiting.emplace_back(commit, number);
    if (waiting.size() < 10) continue;
    if (!store.records().sync()) std::_Exit(5);
    for (const auto& [done, done_number] : waiting) acknowledge(done.customer, done.expected + 1, done_number);
    waiting.clear();
  }
}

int run_child(const std::string& directory, std::uint64_t round) {
  Result<std::unique_ptr<Store>> store = open_store(directory);
  if (!store) return 2;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < threads_count; ++i) threads.emplace_back([&, i] { commit_for_ever(**store, i, round); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}

struct Acknowledged {
  Version version;
  std::uint64_t number;
};
using AcknowledgedByCustomer = std::map<CustomerId, std::vector<Acknowledged>>;

/// What the child printed, until it had printed enough and was killed.
std::string run_and_kill(const std::string& directory, std::uint64_t round, std::size_t bytes_wanted, std::uint64_t pause_us) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    const std::string round_text = std::to_string(round);
    execl(program, program, "--child", directory.c_str(), round_text.c_str(), static_cast<char*>(nullptr));
    std::_Exit(6);
  }
  close(ends[1]);
  std::string output;
  char buffer[4096];
  ssize_t size = 1;
  while (output.size() < bytes_wanted && (size = read(ends[0], buffer, sizeof buffer)) > 0) output.append(buffer, static_cast<std::size_t>(size));
  EXPECT_GT(size, 0) << "the child ended by itself";
  usleep(static_cast<useconds_t>(pause_us));
  kill(child, SIGKILL);
  while ((size = read(ends[0], buffer, sizeof buffer)) > 0) output.append(buffer, static_cast<std::size_t>(size));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "exit " << (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return output;
}

void remember(AcknowledgedByCustomer& acknowledged, const std::string& output) {
  std::size_t from = 0;
  for (std::size_t end = output.find('\n'); end != std::string::npos; from = end + 1, end = output.find('\n', from)) {
    unsigned long long customer = 0, version = 0, number = 0;
    ASSERT_EQ(std::sscanf(output.substr(from, end - from).c_str(), "%llu %llu %llu", &customer, &version, &number), 3);
    acknowledged[CustomerId{customer}].push_back({version, number});
  }
}

void check_customer(Store& store, CustomerId customer, const std::vector<Acknowledged>& acknowledged) {
  std::vector<JournalEntry> entries;
  const Status scanned = store.journal().scan(customer, 0, [&](const JournalEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  ASSERT_TRUE(scanned) << scanned.error().message;
  for (std::size_t i = 0; i < entries.size(); ++i) ASSERT_EQ(entries[i].version, i + 1);
  for (const Acknowledged& commit : acknowledged) {
    ASSERT_LE(commit.version, entries.size()) << "lost: customer " << customer.value << " version " << commit.version;
    const Commit again = crash_commit(store, customer, commit.version - 1, commit.number);
    const JournalEntry& entry = entries[commit.version - 1];
    ASSERT_EQ(entry.commit, again.id);
    ASSERT_EQ(entry.delta, again.delta);                       // with the same symbol: the dictionary came back
    ASSERT_EQ(entry.raw, again.raw);
    ASSERT_TRUE(store.records().seen(mark_of(commit.number, test_time(commit.number))));
    if (!again.decision) continue;
    const auto decision = store.decisions().find(DecisionId{again.id.bytes});
    ASSERT_TRUE(decision && *decision);
  }
  const Result<RecordPtr> record = store.records().read(customer, {});
  ASSERT_TRUE(record);
  ASSERT_EQ(encode_record(**record), encode_record(fold_all(store, customer)));
  ASSERT_TRUE((*record)->account_group == Symbol::none || !store.symbols().name((*record)->account_group).empty());
}

TEST(StoreCrash, every_acknowledged_commit_survives_kill_9) {
  const char* const kills = std::getenv("TAKT_KILLS");
  const int rounds = kills != nullptr ? std::atoi(kills) : 20;
  const TempDir directory;
  AcknowledgedByCustomer acknowledged;
  std::size_t total = 0;
  const char* const seed = std::getenv("TAKT_SEED");
  Random random(seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20'260'305);
  for (int round = 1; round <= rounds; ++round) {
    const std::size_t bytes_wanted = round % 5 == 0 ? 1 : 1 + random.below(40'000);
    const std::string output = run_and_kill(directory.path(), static_cast<std::uint64_t>(round), bytes_wanted, random.below(20'000));
    remember(acknowledged, output);
    Result<std::unique_ptr<Store>> store = open_store(directory.path());
    ASSERT_TRUE(store) << store.error().message;
    for (const auto& [customer, commits] : acknowledged) {
      check_customer(**store, customer, commits);
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
  }
  for (const auto& [customer, commits] : acknowledged) total += commits.size();
  EXPECT_GT(total, static_cast<std::size_t>(rounds));          // else nothing was tested
  RecordProperty("acknowledged", static_cast<int>(total));
}

} // namespace
} // namespace takt::test

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--child") return takt::test::run_child(argv[2], std::strtoull(argv[3], nullptr, 10));
  takt::test::program = argv[0];
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
