#pragma once
/// What every source of candidates gets, and where it puts what it finds. One .cc per source; the table that says which exist,
/// in which order, is in engine/stage/retrieve_items.cc. Adding one: its file, one line here, one line there.
/// Sources are pure: same Search, same finds. Threads: one per call.
#include "core/limits.h"
#include "engine/stage/stages.h"

#include <span>
#include <vector>

namespace takt {

/// One retrieval, as the sources see it.
struct Search {
  const Call& call;
  const Opening& opening;
  const CustomerFeatures& features;
  std::span<const ItemIndex> without;                  ///< ascending
  std::vector<ItemIndex> anchors;                      ///< known ones, in the order of the request; at most anchors_max
  std::size_t finds_max = limits::per_source_max;      ///< per source

  const Catalogue& catalogue() const { return *call.world.catalogue; }
  const Models& models() const { return *call.world.models; }
  /// Not removed, of a kind the placement takes, not in `without`.
  bool may_stand(ItemIndex index) const;
  /// An anchor, or a variant of one: no source that starts from the anchor may find it.
  bool is_anchor(const CatalogueItem& item) const;
};

/// More anchors than a basket of this size say nothing new.
constexpr std::size_t anchors_max = 10;

struct Find {
  ItemIndex index = 0;
  float score = 0;                                     ///< in [0,1] once the source is done
  Because because = Because::chosen_for_you;
  Symbol because_item = Symbol::none;
};

/// What one source found, best first, at most search.finds_max.
class Finds {
public:
  explicit Finds(const Search& search) : search_(search) {}
  bool full() const { return finds_.size() >= search_.finds_max; }
  /// Adds what may stand; score in any unit, not negative.
  void add(const Find& find) {
    if (!full() && search_.may_stand(find.index)) finds_.push_back(find);
  }
  bool has(ItemIndex index) const;
  /// Best first (ties by item id), at most finds_max, the best score becomes 1.
  void put_all(std::vector<Find> unordered);
  /// Divides by the best score, so that sources can be compared.
  void normalise();
  const std::vector<Find>& all() const { return finds_; }
  std::vector<Find>& all() { return finds_; }

private:
  const Search& search_;
  std::vector<Find> finds_;
};

/// An item to start from, and why.
struct Seed {
  Symbol item = Symbol::none;
  float weight = 1;
  Because because = Because::viewed;
};
/// Anchors where the request has them, else (profile allowed) what the person looked at and bought last.
std::vector<Seed> seeds_for(const Search& search);
/// Sum of the seeds' neighbours by weight × score; the seed that gives most is the reason.
void find_neighbours(const Search& search, const NeighbourTable& table, std::span<const Seed> seeds, Finds& finds);

/// How alike two items are by what they are: category, brand, tags, words of the title; in [0,1], over what `wanted` has.
/// Needs no event and no training.
float content_overlap(const CatalogueItem& wanted, const CatalogueItem& other);

/// Vector hits wanted so that finds_max remain after `without` and the kinds.
std::size_t hits_wanted(const Search& search);

void find_pinned(const Search& search, Finds& finds);
void find_similar(const Search& search, Finds& finds);
void find_bought_together(const Search& search, Finds& finds);
void find_viewed_together(const Search& search, Finds& finds);
void find_taste(const Search& search, Finds& finds);
void find_relevant(const Search& search, Finds& finds);
void find_session(const Search& search, Finds& finds);
void find_recently_viewed(const Search& search, Finds& finds);
void find_trending(const Search& search, Finds& finds);
void find_new(const Search& search, Finds& finds);
void find_launch(const Search& search, Finds& finds);
void find_popular(const Search& search, Finds& finds);
void find_service(const Search& search, Finds& finds);

/// The caller's own candidates instead of ours: unknown ids are reported, a wrong kind and what is over the bound is dropped
/// with its reason.
Candidates take_caller_candidates(const Search& search);

} // namespace takt
