// What the fuzzers found worth keeping, in every build and under every sanitizer: as it is, and damaged a little, by a seed. The fuzzer
// itself (preset fuzz) does this for hours; its function is linked in here.
#include "core/random.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace takt::test {
namespace {

void give(const std::string& bytes) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()); }

std::vector<std::string> corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(TAKT_FUZZ_CORPUS)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string damaged(std::string bytes, const std::vector<std::string>& others, Random& random) {
  for (std::uint64_t changes = 0; changes <= random.below(3) && !bytes.empty(); ++changes) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(4)) {
      case 0: bytes[at] = static_cast<char>(random.next()); break;
      case 1: bytes.erase(at, 1 + random.below(16)); break;
      case 2: bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(24))); break;
      default: {
        const std::string& other = others[random.below(others.size())];
        if (!other.empty()) bytes.insert(at, other.substr(random.below(other.size()), random.below(48)));
      }
    }
  }
  return bytes;
}

TEST(FuzzCorpus, EveryInputOfItEnds) {
  const std::vector<std::string> inputs = corpus();
  ASSERT_FALSE(inputs.empty()) << "no corpus in " TAKT_FUZZ_CORPUS;
  for (const std::string& input : inputs) give(input);
}

TEST(FuzzCorpus, DamagedOnesToo) {
  constexpr int rounds = 10'000;
  const std::vector<std::string> inputs = corpus();
  ASSERT_FALSE(inputs.empty());
  Random random(20'261'123);
  for (int round = 0; round < rounds; ++round) give(damaged(inputs[random.below(inputs.size())], inputs, random));
}

} // namespace
} // namespace takt::test
