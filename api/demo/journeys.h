#pragma once
/// A month in the life of the demo shop's customers, as Segment-shaped events; see shop.h. One customer at a time, each with a
/// generator of their own: another customer more or less changes nobody else's journey.
#include "api/demo/catalogue.h"
#include "api/demo/json_object.h"

#include <cstdint>
#include <string>
#include <vector>

namespace takt::demo {

struct TimedLine {
  UtcTime at{};
  std::string json;
};

/// Who somebody is and stays.
struct Person {
  std::string user_id, anonymous_id, locale = "de-DE", zone = "Europe/Berlin";
  bool is_known = true; ///< false: never signs in
  bool uses_app = false, uses_web = true;
  std::vector<std::size_t> favourite_leaves; ///< most loved first, at least one
  std::size_t brand = 0;                     ///< their row within each top category
  double price_level = 0.5;
  std::size_t size = 0; ///< which variant fits
  std::int64_t member_since_year = 2020;
};

/// Writes the events of one person; times outside the month are left out.
class Diary {
public:
  Diary(const Catalogue& catalogue, const DemoOptions& options, Person person, Random random)
      : catalogue_(catalogue), options_(options), person_(std::move(person)), random_(random) {}

  /// One month: sessions, orders, mail, talks, complaints.
  void live();
  /// The stories: see shop.h.
  void live_as_anna();
  void live_as_ben();

  std::vector<TimedLine> take() { return std::move(lines_); }

private:
  struct Session {
    UtcTime at{};
    std::string id;
    bool is_app = false;
  };
  struct CartLine {
    std::size_t item;
    std::int64_t quantity;
  };
  struct Consents {
    bool was_asked = true, mail = true, profile = true;
  };

  UtcTime start() const { return options_.end - days(options_.days); }
  bool chance(double probability) { return random_.uniform() < probability; }
  UtcTime moment_of_day(std::int64_t day, double hour_mean);
  std::size_t draw_leaf();
  std::size_t draw_item(std::size_t leaf);
  std::size_t variant_of(std::size_t product) const;
  std::size_t leaf_of(std::size_t item) const;
  std::int64_t draw_dwell_ms(std::int64_t least, std::uint64_t spread);

  void sign_in(UtcTime at);
  void sign_in_with(UtcTime at, const Consents& consents);
  void browse(UtcTime at);
  void look_at_promotions(Session& session);
  void search_or_list(Session& session, std::size_t leaf);
  void view(Session& session, std::size_t item, std::int64_t dwell_ms);
  void order(Session& session, const std::vector<CartLine>& cart);
  void send_back(UtcTime at, const CartLine& line);
  void receive_mail();
  void talk_and_complain();
  void consent_change(UtcTime at);

  Session new_session(UtcTime at, bool is_app);
  std::string products_json(const std::vector<CartLine>& cart) const;
  void track(UtcTime at, std::string_view event, std::string_view channel, const std::string& properties, const Session* session = nullptr);
  void add(UtcTime at, JsonObject& event);

  const Catalogue& catalogue_;
  const DemoOptions& options_;
  Person person_;
  Random random_;
  bool is_signed_in_ = false;
  bool reads_mail_ = false;
  std::uint32_t sessions_ = 0, orders_ = 0, messages_ = 0;
  std::vector<TimedLine> lines_;
};

/// Customer `number` (0 = anna, 1 = ben) with tastes drawn from their own generator.
std::vector<TimedLine> journey_of(std::uint32_t number, const Catalogue& catalogue, const DemoOptions& options);

} // namespace takt::demo
