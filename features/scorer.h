#pragma once
/// From feature rows to P(response | shown). One row per candidate, row-major. Threads: immutable.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace takt {

/// Configured columns beside the schema's (core/custom_feature.h): values.size() == rows × columns.size().
struct CustomRows {
  std::span<const std::uint64_t> columns = {};         ///< print_of each
  std::span<const float> values = {};                  ///< row-major
};

class Scorer {
public:
  virtual ~Scorer() = default;
  virtual std::string name() const = 0;
  virtual std::uint64_t schema_fingerprint() const = 0;             ///< must equal feature_schema().fingerprint
  /// Columns that a result depends on, ascending: the others need not be written.
  virtual std::span<const std::size_t> columns() const = 0;
  /// rows.size() == probabilities.size() × schema width. Each result in (0,1).
  virtual void score(std::span<const float> rows, const CustomRows& custom, std::span<double> probabilities) const = 0;
  void score(std::span<const float> rows, std::span<double> probabilities) const { score(rows, CustomRows{}, probabilities); }
};

/// Logistic regression with the documented prior of features/linear_scorer.cc: what serves until outcomes were learnt.
std::unique_ptr<Scorer> make_prior_scorer();

} // namespace takt
