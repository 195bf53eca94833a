// Does the time of a comparison tell how much of a secret was right? Two classes of wrong answers, near (all but the end is right) and far
// (nothing is), measured in random order and compared by Welch's t (Reparaz, Balasch, Verbauwhede 2017, "dudect": below 5 nothing is
// seen, above 10 there is a leak). A comparison that stops at the first difference is measured in the same way: it must be found,
// or the measurement proves nothing. usage: key_timing [measurements]
#include "api/access/identity.h"
#include "api/access/key.h"
#include "api/access/link.h"
#include "api/access/sign.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace takt {
namespace {

struct Moments {
  double count = 0, mean = 0, squares = 0;           ///< Welford
  void add(double value) {
    count += 1;
    const double before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  double variance() const { return squares / (count - 1); }
};

/// |t|. What takes longer than nineteen of twenty was interrupted and says nothing about the code.
double difference(int measurements, const std::function<void(bool near)>& compare) {
  std::mt19937_64 chance(7);
  std::vector<std::pair<bool, double>> taken;
  taken.reserve(static_cast<std::size_t>(measurements));
  for (int i = 0; i < measurements; ++i) {
    const bool near = (chance() & 1) != 0;
    const auto begin = std::chrono::steady_clock::now();
    compare(near);
    taken.emplace_back(near, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  std::vector<double> sorted;
  for (const auto& [near, nanos] : taken) sorted.push_back(nanos);
  std::sort(sorted.begin(), sorted.end());
  const double longest = sorted[sorted.size() * 95 / 100];
  Moments of[2];
  for (const auto& [near, nanos] : taken)
    if (nanos <= longest) of[near ? 1 : 0].add(nanos);
  return std::abs(of[0].mean - of[1].mean) / std::sqrt(of[0].variance() / of[0].count + of[1].variance() / of[1].count);
}

/// What nobody must write: it stops where the first byte differs.
bool same_text_early(std::string_view one, std::string_view other) {
  for (std::size_t i = 0; i < one.size(); ++i) {
    volatile char a = one[i], b = other[i];
    if (a != b) return false;
  }
  return true;
}

std::string turned(std::string text, std::size_t at) {
  text[at] = text[at] == 'a' ? 'b' : 'a';
  return text;
}

std::string all_turned(std::string text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) text = turned(std::move(text), i);
  return text;
}

int run(int measurements) {
  volatile bool sink = false;
  const auto of_two = [&](const std::string& near, const std::string& far, const std::function<bool(const std::string&)>& compare) {
    return difference(measurements, [&](bool is_near) { sink = compare(is_near ? near : far); });
  };
  const std::string secret(64, 'x');
  const double control = of_two(turned(secret, 63), all_turned(secret, 0), [&](const std::string& text) { return same_text_early(secret, text); });

  const NewKey made = make_key(AccessKey{}, {1, 2, 3});
  const std::size_t secret_at = made.text.size() - 26;
  const double keys = of_two(turned(made.text, made.text.size() - 1), all_turned(made.text, secret_at), [&](const std::string& text) { return is_text_of(made.key, text); });

  const std::vector<std::string> secrets{std::string(32, 's')};
  const std::string proof = to_hex(hmac_sha256(secrets[0], "u1"));
  const double identity = of_two(turned(proof, 63), all_turned(proof, 0), [&](const std::string& text) { return proves_identity(secrets, "u1", text); });

  const LinkKeys link_keys{{{1, std::string(32, 'k')}}};
  const std::string token = write_link(link_keys, {LinkAction::impression, make_decision_id(UtcTime(Duration(1'772'000'000'000)), {7}, 1), 0, 1, ""});
  const double links = of_two(turned(token, token.size() - 2), all_turned(token, token.size() - 20), [&](const std::string& text) { return read_link(link_keys, text).has_value(); });

  std::printf("|t| of %d measurements: stops early %.1f (control), key %.1f, user_hash %.1f, link %.1f\n", measurements, control, keys, identity, links);
  if (control < 10) {
    std::printf("the control was not found: this machine is too noisy to tell\n");
    return 2;
  }
  return keys < 10 && identity < 10 && links < 10 ? 0 : 1;
}

} // namespace
} // namespace takt

int main(int argc, char** argv) { return takt::run(argc > 1 ? std::max(1000, std::atoi(argv[1])) : 400'000); }
