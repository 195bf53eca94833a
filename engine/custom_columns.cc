#include "engine/custom_columns.h"

#include "core/check.h"
#include "core/hash.h"
#include "engine/json_scalar.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace takt {
namespace {

constexpr double deviations_max = 10;
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

double number_of(const ScalarValue& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  const double* number = std::get_if<double>(&value);
  return number ? *number : no_number;
}

/// Equal values, and only they, have the same one: 0 is "nothing". Text and number differ, as in JSON.
std::uint64_t identity_of(const ScalarValue& value) {
  std::uint64_t identity = 0;
  if (const bool* flag = std::get_if<bool>(&value)) identity = *flag ? 1 : 2;
  else if (const double* number = std::get_if<double>(&value)) identity = mix64(3, std::bit_cast<std::uint64_t>(*number + 0.0)); // -0 is 0
  else if (const std::string* text = std::get_if<std::string>(&value)) identity = mix64(4, hash64(*text));
  else return 0;
  return identity == 0 ? 1 : identity;
}

/// A number in deviations from the middling one, or whether the value is the one that is asked for.
float value_of(const CustomFeature& feature, const ScalarValue& value) {
  if (feature.equals_json) return identity_of(value) != 0 && identity_of(value) == identity_of(parse_json_scalar(*feature.equals_json)) ? 1.0F : 0.0F;
  const double number = number_of(value);
  if (std::isnan(number)) return 0;
  return static_cast<float>(std::clamp((number - feature.mean) / feature.deviation, -deviations_max, deviations_max));
}

bool joins(const CustomFeature& feature) { return !feature.trait.empty() && !feature.attribute.empty(); }

/// What is kept of an item: the column's value; or, where the person has a say, the attribute's number (as bits) or identity.
std::uint64_t item_word(const CustomFeature& feature, const Item& item) {
  const auto found = item.attributes_json.find(feature.attribute);
  const ScalarValue value = found == item.attributes_json.end() ? ScalarValue{} : parse_json_scalar(found->second);
  if (!joins(feature)) return std::bit_cast<std::uint32_t>(value_of(feature, value));
  return feature.measures_distance ? std::bit_cast<std::uint64_t>(number_of(value)) : identity_of(value);
}

ScalarValue trait_of(const Person& person, const std::string& name) {
  if (!person.profile_allowed || name.empty()) return {};
  const std::vector<Trait>& traits = person->traits;
  const auto found = std::lower_bound(traits.begin(), traits.end(), name, [](const Trait& trait, const std::string& wanted) { return trait.name < wanted; });
  if (found == traits.end() || found->name != name || found->at > person.now) return {};
  return parse_json_scalar(found->value_json);
}

float joined(const CustomFeature& feature, const ScalarValue& trait, std::uint64_t word) {
  if (!feature.measures_distance) return word != 0 && word == identity_of(trait) ? 1.0F : 0.0F;
  const double distance = std::abs(number_of(trait) - std::bit_cast<double>(word));
  return std::isnan(distance) ? 0.0F : static_cast<float>(std::exp(-distance / feature.deviation));
}

} // namespace

std::shared_ptr<const CustomColumns> CustomColumns::build(std::vector<CustomFeature> features, std::shared_ptr<const Catalogue> catalogue, const CustomColumns* before) {
  TAKT_CHECK(catalogue != nullptr, "columns of items need a catalogue");
  auto columns = std::make_shared<CustomColumns>();
  for (const CustomFeature& feature : features) {
    columns->prints_.push_back(print_of(feature));
    std::vector<std::uint64_t> words;
    if (!feature.attribute.empty()) {
      const auto known = before ? std::find(before->prints_.begin(), before->prints_.end(), columns->prints_.back()) : std::vector<std::uint64_t>::const_iterator{};
      const std::vector<std::uint64_t>* old = before && known != before->prints_.end() ? &before->of_items_[static_cast<std::size_t>(known - before->prints_.begin())] : nullptr;
      words.reserve(catalogue->size());
      for (ItemIndex row = 0; row < catalogue->size(); ++row) {
        const CatalogueItem& item = catalogue->at(row);
        const bool is_known = old && row < old->size() && &before->catalogue_->at(row) == &item; // items are shared between snapshots until they change
        words.push_back(is_known ? (*old)[row] : item_word(feature, item.item));
      }
    }
    columns->of_items_.push_back(std::move(words));
  }
  columns->features_ = std::move(features);
  columns->catalogue_ = std::move(catalogue);
  return columns;
}

std::vector<float> CustomColumns::rows(const Person& person, std::span<const ItemIndex> items) const {
  std::vector<float> rows(items.size() * features_.size());
  for (std::size_t c = 0; c < features_.size(); ++c) {
    const CustomFeature& feature = features_[c];
    const ScalarValue trait = trait_of(person, feature.trait);
    const std::vector<std::uint64_t>& words = of_items_[c];
    const float of_person = feature.attribute.empty() ? value_of(feature, trait) : 0.0F;
    for (std::size_t i = 0; i < items.size(); ++i) {
      float& value = rows[i * features_.size() + c];
      if (feature.attribute.empty()) value = of_person;
      else if (joins(feature)) value = joined(feature, trait, words[items[i]]);
      else value = std::bit_cast<float>(static_cast<std::uint32_t>(words[items[i]]));
    }
  }
  return rows;
}

} // namespace takt
