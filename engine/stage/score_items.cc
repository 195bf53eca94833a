// Stage 6. What the scorer looks at, of all candidates in one matrix, one call of the scorer, then the terms that turn a probability into
// worth. Whole rows are made for those only that the log keeps.
#include "core/check.h"
#include "core/hash.h"
#include "core/zone.h"
#include "engine/stage/call_segment.h"
#include "engine/stage/launch.h"
#include "engine/stage/stages.h"
#include "engine/taste.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

namespace takt {
namespace {

/// Older than any half-life of the features: what has no date is not new.
constexpr float age_unknown_days = 3650;

/// Rows of survivors beside the slate's, per placement: enough to see what the slate was chosen from, at 100 bytes of the log.
constexpr std::size_t sampled_rows_max = 2;
constexpr std::uint64_t sample_salt = 0x726f7773;

/// Any real number to (0,1), keeping the order; 0 stays for "the caller said nothing".
float squashed(std::optional<double> score) {
  if (!score) return 0;
  return static_cast<float>(0.5 * (1.0 + *score / (1.0 + std::abs(*score))));
}

bool is_from_session(Source source) { return source == Source::session || source == Source::recently_viewed; }
bool is_from_anchor(Source source) { return source == Source::similar || source == Source::bought_together || source == Source::viewed_together; }

/// Candidates as the families see them.
class ItemReader {
public:
  ItemReader(const Call& call, const Opening& opening, const CustomerFeatures& customer)
      : call_(call), models_(*call.world.models), customer_(customer), popularity_(call, opening), service_(call.world.symbols->find("service")) {}

  /// The rates are in four columns that few scorers of the first day look at, and lie elsewhere in the memory.
  void leave_out_rates() { with_rates_ = false; }

  /// Two hundred items, their vectors and rows of counts lie all over the memory: asked for together they arrive together.
  void prefetch(std::span<const Candidate> candidates) const {
    for (const Candidate& candidate : candidates) {
      models_.vectors.row_of.prefetch(candidate.labels.item);
      models_.popularity.prefetch(candidate.labels.item);
      if (with_rates_) models_.rates.by_item.prefetch(candidate.labels.item);
    }
    for (const Candidate& candidate : candidates) {
      const std::uint32_t* row = customer_.taste.empty() ? nullptr : models_.vectors.row_of.find(candidate.labels.item);
      if (row) prefetch_row(models_.vectors, *row);
    }
  }

  ItemFeatures read(const Candidate& candidate) const {
    const ItemFacts& item = call_.world.catalogue->front(candidate.index).facts;
    ItemFeatures features;
    features.item = candidate.labels.item;
    features.group = candidate.labels.group;
    features.brand = candidate.labels.brand;
    features.category = candidate.labels.category;
    features.popularity = popularity_.of(candidate.labels.item);
    if (with_rates_) read_rates(candidate.labels, features);
    features.taste_match = taste_match(models_, customer_.taste, candidate.labels.item);
    features.retrieval_score = candidate.retrieval_score;
    features.price = static_cast<float>(item.price);
    features.age_days = age_days(item);
    features.caller_score = squashed(candidate.caller_score);
    features.from_session = is_from_session(candidate.source);
    features.from_anchor = is_from_anchor(candidate.source);
    features.is_service = service_ != Symbol::none && candidate.labels.kind == service_;
    return features;
  }

private:
  void read_rates(const LabelSet& labels, ItemFeatures& features) const {
    const Response own = models_.rates.of(labels), kind = models_.rates.of_kind(labels);
    features.click_rate = own.click;
    features.order_rate = own.order;
    features.category_click_rate = kind.click;
    features.category_order_rate = kind.order;
  }

  float age_days(const ItemFacts& item) const {
    if (item.added_at == UtcTime{}) return age_unknown_days;
    return static_cast<float>(static_cast<double>((call_.person.now - item.added_at).count()) / static_cast<double>(days(1).count()));
  }

  const Call& call_;
  const Models& models_;
  const CustomerFeatures& customer_;
  CallPopularity popularity_;
  Symbol service_;
  bool with_rates_ = true;
};

/// The columns that ItemReader::leave_out_rates leaves empty.
bool is_rate(std::string_view column) { return column.ends_with("_click_rate") || column.ends_with("_order_rate"); }

/// The clock on the person's wall: the zone that this call names, else the one that their journey named last. Unknown: UTC.
Duration utc_offset(const Call& call) {
  if (const auto named = utc_offset_at(call.request.context.timezone, call.person.now)) return *named;
  if (!call.person.profile_allowed) return {};
  const std::vector<ZoneSpan>& zones = call.person->zones;
  const auto last = std::find_if(zones.rbegin(), zones.rend(), [&](const ZoneSpan& span) { return span.from <= call.person.now; });
  return last == zones.rend() ? Duration{} : utc_offset_at(call.world.symbols->name(last->zone), call.person.now).value_or(Duration{});
}

/// Row-major, one row per candidate, of which only `columns` (ascending) mean something.
std::vector<float> feature_rows(const Call& call, const Opening& opening, const CustomerFeatures& customer, std::span<const Candidate> candidates,
                                std::span<const std::size_t> columns) {
  const FeatureSchema& schema = feature_schema();
  ItemReader reader(call, opening, customer);
  if (std::none_of(columns.begin(), columns.end(), [&](std::size_t column) { return is_rate(schema.columns[column].name); })) reader.leave_out_rates();
  reader.prefetch(candidates);
  std::vector<ItemFeatures> items;
  items.reserve(candidates.size());
  for (const Candidate& candidate : candidates) items.push_back(reader.read(candidate));
  const Person& person = call.person;
  const CustomerRecord nobody;
  const bool asks_the_clock = !columns.empty() && columns.front() < schema.shared_count; // its columns are shared ones; a zone costs a look-up
  const FeatureContext context{customer, person.profile_allowed ? *person.record : nobody, person.time.session, person.now, opening.rules.channel,
                               asks_the_clock ? utc_offset(call) : Duration{}};
  std::vector<float> rows(candidates.size() * schema.columns.size());
  if (columns.size() == schema.columns.size()) write_feature_rows(context, items, rows);
  else write_feature_columns(context, items, columns, rows);
  return rows;
}

/// The configured columns, one row per candidate.
std::vector<float> custom_rows(const Call& call, std::span<const Candidate> candidates) {
  if (!call.world.custom) return {};
  std::vector<ItemIndex> items;
  items.reserve(candidates.size());
  for (const Candidate& candidate : candidates) items.push_back(candidate.index);
  return call.world.custom->rows(call.person, items);
}

/// first, first + 1, … up to the last column of the schema.
std::vector<std::size_t> columns_from(std::size_t first) {
  std::vector<std::size_t> columns(feature_schema().columns.size() - first);
  std::iota(columns.begin(), columns.end(), first);
  return columns;
}

/// Those with the smallest draw, keyed by item: who is in the sample does not depend on who else survived.
std::vector<std::uint32_t> sample_candidates(const Call& call, const Opening& opening, std::span<const Candidate> candidates) {
  const std::uint64_t key = mix64(mix64(call.request.seed, sample_salt), hash64(opening.request.placement.text()));
  std::vector<std::pair<std::uint64_t, std::uint32_t>> draws;
  draws.reserve(candidates.size());
  for (std::uint32_t i = 0; i < candidates.size(); ++i)
    draws.emplace_back(mix64(key, call.world.catalogue->front(candidates[i].index).id_hash), i);
  const std::size_t count = std::min(sampled_rows_max, draws.size());
  std::partial_sort(draws.begin(), draws.begin() + static_cast<std::ptrdiff_t>(count), draws.end());
  std::vector<std::uint32_t> sampled;
  for (std::size_t i = 0; i < count; ++i) sampled.push_back(draws[i].second);
  return sampled;
}

/// Their whole rows: the rest of the slate's stages does not see them as candidates any more.
ScoredRows rows_of_sample(const Call& call, const Opening& opening, const CustomerFeatures& features, std::span<const Candidate> candidates) {
  ScoredRows scored;
  std::vector<Candidate> picked;
  for (const std::uint32_t place : sample_candidates(call, opening, candidates)) {
    scored.sampled.push_back({candidates[place].index, static_cast<std::uint32_t>(picked.size())});
    picked.push_back(candidates[place]);
  }
  scored.values = feature_rows(call, opening, features, picked, columns_from(0));
  scored.custom = custom_rows(call, picked);
  return scored;
}

/// Worth of one response in the account's currency.
double value_of(const ItemFacts& item, const Arbitration& arbitration) {
  if (item.has_value) return item.value;
  if (item.has_price) return item.price * arbitration.margin;
  return static_cast<double>(arbitration.default_value_micros) / 1e6;
}

} // namespace

Candidates score_items(const Call& call, const Opening& opening, const CustomerFeatures& features, Candidates items) {
  if (items.alive.empty()) return items;
  const Scorer* scorer = call.world.models->scorer.get();
  TAKT_CHECK(scorer && scorer->schema_fingerprint() == feature_schema().fingerprint, "a served scorer knows this feature schema");

  for (std::size_t i = 0; i < items.alive.size(); ++i) items.alive[i].row = static_cast<std::uint32_t>(i);
  std::vector<double> probabilities(items.alive.size());
  const std::vector<float> custom = custom_rows(call, items.alive);
  scorer->score(feature_rows(call, opening, features, items.alive, scorer->columns()), call.world.custom ? CustomRows{call.world.custom->prints(), custom} : CustomRows{}, probabilities);
  items.scored = rows_of_sample(call, opening, features, items.alive);

  const bool organic = opening.rules.placement.mode == PlacementMode::organic;
  const Arbitration& arbitration = call.world.policy().arbitration;
  const std::optional<LaunchPolicy>& launch = call.world.policy().exploration.launch;
  for (std::size_t i = 0; i < items.alive.size(); ++i) {
    ScoreTerms& terms = items.alive[i].terms;
    terms = ScoreTerms{};
    terms.p_act = probabilities[i];
    terms.p_nothing = 0; // is learnt from randomised hold only; until then the whole response is credited to the item
    terms.value = value_of(call.world.catalogue->front(items.alive[i].index).facts, arbitration);
    terms.contact_cost = organic ? 0 : static_cast<double>(opening.rules.placement.contact_cost_micros) / 1e6;
    terms.attention_price = organic ? 0 : arbitration.attention_price; // who searches asked for it
    if (launch && !organic) {
      const UtcTime added_at = call.world.catalogue->front(items.alive[i].index).facts.added_at;
      add_launch_bonus(*launch, added_at, call.person.now, call.world.models->cold_start.impressions_of(items.alive[i].labels.item), items.alive[i]);
    }
  }
  return items;
}

Slate keep_rows(const Call& call, const Opening& opening, const CustomerFeatures& features, Slate slate) {
  const FeatureSchema& schema = feature_schema();
  const std::size_t width = schema.columns.size();
  std::vector<Candidate> chosen;
  auto next = static_cast<std::uint32_t>(slate.scored.sampled.size());
  for (SlateChoice& choice : slate.choices) {
    if (choice.candidate.row == not_scored) continue;
    const auto same = [&](const ScoredRows::Sample& sample) { return sample.index == choice.candidate.index; };
    const auto sample = std::find_if(slate.scored.sampled.begin(), slate.scored.sampled.end(), same);
    const bool has_row = sample != slate.scored.sampled.end();
    choice.candidate.row = has_row ? sample->row : next++;
    if (!has_row) chosen.push_back(choice.candidate);
  }
  if (chosen.empty()) return slate;
  // What all candidates share stands in the rows of the sample.
  std::vector<float> rows = feature_rows(call, opening, features, chosen, columns_from(schema.shared_count));
  for (std::size_t i = 0; i < chosen.size(); ++i)
    std::copy_n(slate.scored.values.begin(), schema.shared_count, rows.begin() + static_cast<std::ptrdiff_t>(i * width));
  slate.scored.values.insert(slate.scored.values.end(), rows.begin(), rows.end());
  const std::vector<float> custom = custom_rows(call, chosen);
  slate.scored.custom.insert(slate.scored.custom.end(), custom.begin(), custom.end());
  return slate;
}

} // namespace takt
