#pragma once
/// From feature rows to P(response | shown). One row per candidate, row-major. Threads: immutable.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace takt {

class Scorer {
public:
  virtual ~Scorer() = default;
  virtual std::string name() const = 0;
  virtual std::uint64_t schema_fingerprint() const = 0;             ///< must equal feature_schema().fingerprint
  /// rows.size() == probabilities.size() × schema width. Each result in (0,1).
  virtual void score(std::span<const float> rows, std::span<double> probabilities) const = 0;
};

/// Logistic regression with the documented prior of features/linear_scorer.cc: what serves until outcomes were learnt.
std::unique_ptr<Scorer> make_prior_scorer();

} // namespace takt
