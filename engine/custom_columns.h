#pragma once
/// The configured columns (core/custom_feature.h) as decisions read them. What an item says is worked out once per catalogue; what the
/// person says, once per decision. Numbers are clamped to 10 deviations: a trait is what a client sent. Unknown, or of another type: 0.
/// Traits are read only where a profile is allowed, and none of later than `now`.
/// Threads: immutable. Errors: none. Memory: 8 bytes per item and column that names an attribute. Cost: some ns per candidate and
/// column; to build, ~0.2 us per item and column, and what did not change is taken over.
#include "core/custom_feature.h"
#include "engine/catalogue.h"
#include "engine/person.h"

#include <memory>
#include <span>
#include <vector>

namespace takt {

class CustomColumns {
public:
  /// `before`: of an earlier state of this catalogue, or null.
  static std::shared_ptr<const CustomColumns> build(std::vector<CustomFeature> features, std::shared_ptr<const Catalogue> catalogue,
                                                    const CustomColumns* before = nullptr);
  const std::vector<CustomFeature>& features() const { return features_; }
  /// print_of each, in the order of the columns.
  std::span<const std::uint64_t> prints() const { return prints_; }
  /// Row-major: items.size() rows of features().size() values.
  std::vector<float> rows(const Person& person, std::span<const ItemIndex> items) const;

private:
  std::vector<CustomFeature> features_;
  std::vector<std::uint64_t> prints_;
  std::vector<std::vector<std::uint64_t>> of_items_;   ///< by column, then row: what ItemWord in the .cc says; empty without attribute
  std::shared_ptr<const Catalogue> catalogue_;         ///< that they were read from
};

} // namespace takt
