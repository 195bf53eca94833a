#include "api/demo/catalogue.h"

#include "api/demo/json_object.h"
#include "core/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace takt::demo {
namespace {

enum class Sizes : std::uint8_t { none, shoes, clothes };

struct LeafRow {
  std::string_view top, middle, leaf, noun, noun_german;
  std::int32_t price_low, price_high; // EUR
  Sizes sizes;
  std::string_view companion; // a leaf's name
};

constexpr std::array leaf_rows{
    LeafRow{"Shoes", "Women", "Pumps", "pumps", "Pumps", 50, 160, Sizes::shoes, "Handbags"},
    LeafRow{"Shoes", "Women", "Sneakers", "sneakers", "Sneaker", 45, 140, Sizes::shoes, "Jeans"},
    LeafRow{"Shoes", "Women", "Boots", "ankle boots", "Stiefeletten", 70, 220, Sizes::shoes, "Shoe care"},
    LeafRow{"Shoes", "Men", "Loafers", "loafers", "Slipper", 60, 180, Sizes::shoes, "Shoe care"},
    LeafRow{"Shoes", "Men", "Trainers", "trainers", "Turnschuhe", 50, 150, Sizes::shoes, "Jeans"},
    LeafRow{"Shoes", "Care", "Shoe care", "shoe cream", "Schuhcreme", 5, 25, Sizes::none, "Loafers"},
    LeafRow{"Clothing", "Women", "Dresses", "dress", "Kleid", 40, 190, Sizes::clothes, "Pumps"},
    LeafRow{"Clothing", "Women", "Blouses", "blouse", "Bluse", 30, 110, Sizes::clothes, "Jeans"},
    LeafRow{"Clothing", "Women", "Handbags", "handbag", "Handtasche", 40, 260, Sizes::none, "Pumps"},
    LeafRow{"Clothing", "Men", "Shirts", "shirt", "Hemd", 30, 110, Sizes::clothes, "Jeans"},
    LeafRow{"Clothing", "Men", "Jackets", "jacket", "Jacke", 70, 280, Sizes::clothes, "Shirts"},
    LeafRow{"Clothing", "Basics", "Jeans", "jeans", "Jeans", 40, 130, Sizes::clothes, "Socks"},
    LeafRow{"Clothing", "Basics", "Socks", "socks", "Socken", 5, 20, Sizes::clothes, "Jeans"},
    LeafRow{"Sport", "Running", "Running shoes", "running shoes", "Laufschuhe", 80, 190, Sizes::shoes, "Running shirts"},
    LeafRow{"Sport", "Running", "Running shirts", "running shirt", "Laufshirt", 25, 70, Sizes::clothes, "Running shoes"},
    LeafRow{"Sport", "Running", "Sports watches", "sports watch", "Sportuhr", 90, 420, Sizes::none, "Running shoes"},
    LeafRow{"Sport", "Outdoor", "Tents", "tent", "Zelt", 90, 480, Sizes::none, "Sleeping bags"},
    LeafRow{"Sport", "Outdoor", "Sleeping bags", "sleeping bag", "Schlafsack", 50, 260, Sizes::none, "Tents"},
    LeafRow{"Sport", "Outdoor", "Backpacks", "backpack", "Rucksack", 45, 210, Sizes::none, "Tents"},
    LeafRow{"Sport", "Yoga", "Yoga mats", "yoga mat", "Yogamatte", 20, 90, Sizes::none, "Running shirts"},
    LeafRow{"Home", "Kitchen", "Pans", "frying pan", "Bratpfanne", 25, 150, Sizes::none, "Kitchen knives"},
    LeafRow{"Home", "Kitchen", "Kitchen knives", "kitchen knife", "Küchenmesser", 15, 180, Sizes::none, "Pans"},
    LeafRow{"Home", "Kitchen", "Coffee makers", "coffee maker", "Kaffeemaschine", 40, 520, Sizes::none, "Cups"},
    LeafRow{"Home", "Kitchen", "Cups", "cup", "Tasse", 6, 30, Sizes::none, "Coffee makers"},
    LeafRow{"Home", "Living", "Lamps", "floor lamp", "Stehlampe", 40, 290, Sizes::none, "Cushions"},
    LeafRow{"Home", "Living", "Cushions", "cushion", "Kissen", 12, 60, Sizes::none, "Lamps"},
    LeafRow{"Electronics", "Audio", "Headphones", "headphones", "Kopfhörer", 30, 380, Sizes::none, "Speakers"},
    LeafRow{"Electronics", "Audio", "Speakers", "speaker", "Lautsprecher", 40, 450, Sizes::none, "Headphones"},
    LeafRow{"Electronics", "Photo", "Cameras", "camera", "Kamera", 250, 1500, Sizes::none, "Tripods"},
    LeafRow{"Electronics", "Photo", "Tripods", "tripod", "Stativ", 30, 190, Sizes::none, "Cameras"},
    LeafRow{"Kids", "Toys", "Building blocks", "building blocks", "Bausteine", 15, 120, Sizes::none, "Puzzles"},
    LeafRow{"Kids", "Toys", "Puzzles", "puzzle", "Puzzle", 8, 40, Sizes::none, "Building blocks"},
};

struct Colour {
  std::string_view english, german;
};
constexpr std::array colours{Colour{"pink", "Rosa"},   Colour{"black", "Schwarz"}, Colour{"white", "Weiß"},  Colour{"blue", "Blau"},
                             Colour{"green", "Grün"},  Colour{"red", "Rot"},       Colour{"grey", "Grau"},   Colour{"yellow", "Gelb"},
                             Colour{"brown", "Braun"}, Colour{"beige", "Beige"},   Colour{"violet", "Lila"}, Colour{"orange", "Orange"}};

// Invented; five per top category, the first the cheapest.
struct TopBrands {
  std::string_view top;
  std::array<std::string_view, brands_per_top> names;
};
constexpr std::array brands{
    TopBrands{"Shoes", {"Pavo", "Calla Rue", "Trittfest", "Marlowe & Finch", "Casa Vento"}},
    TopBrands{"Clothing", {"Plainday", "Lindholt", "Calla Rue", "Ostwind", "Maison Orme"}},
    TopBrands{"Sport", {"Jogg", "Fjellrund", "Tempo Nine", "Halde", "Summitry"}},
    TopBrands{"Home", {"Hausrat", "Kupferkanne", "Lumen & Leaf", "Nordby", "Atelier Ton"}},
    TopBrands{"Electronics", {"Bitbox", "Klangwerk", "Okula", "Sonar Nine", "Feinhall"}},
    TopBrands{"Kids", {"Wichtel", "Klotz", "Regenbogen", "Little Fern", "Holzwurm"}},
};
constexpr std::array models{"Aurora", "Birke", "Cleo", "Delta", "Elba", "Fjord", "Gala", "Hanse", "Iris", "Juno",  "Kite",  "Luna", "Mira",
                            "Nova",   "Opal",  "Pina", "Quint", "Riva", "Sol",   "Tara", "Una",   "Vega", "Wanda", "Xenia", "Yara", "Zora"};
constexpr std::array shoe_sizes{"37", "38", "39", "40", "41", "42"};
constexpr std::array clothes_sizes{"S", "M", "L", "XL"};

std::string capitalised(std::string_view word) {
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string slug(std::string_view text) {
  std::string out;
  for (const char character : text)
    out += character == ' ' ? '-' : static_cast<char>(character >= 'A' && character <= 'Z' ? character - 'A' + 'a' : character);
  return out;
}

const TopBrands& brands_of(std::string_view top) {
  const auto found = std::find_if(brands.begin(), brands.end(), [&](const TopBrands& row) { return row.top == top; });
  TAKT_CHECK(found != brands.end(), "every top category has brands");
  return *found;
}

std::vector<std::string> draw_sizes(Sizes sizes, Random& random) {
  std::vector<std::string> all;
  if (sizes == Sizes::shoes)
    all.assign(shoe_sizes.begin(), shoe_sizes.end());
  else if (sizes == Sizes::clothes)
    all.assign(clothes_sizes.begin(), clothes_sizes.end());
  else
    return {""};
  const std::size_t from = random.below(all.size() - 1);
  const std::size_t count = 2 + random.below(std::min<std::size_t>(3, all.size() - from - 1));
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(std::min(from + count, all.size()))};
}

/// What all variants of one product share. `number` makes its id; `colour` and price level are drawn.
Item draw_product_item(const LeafRow& row, const Product& product, std::size_t number, const Colour& colour, Random& random) {
  Item item;
  const std::string model = models[random.below(models.size())];
  item.group = slug(row.noun) + "-" + std::to_string(number);
  item.title = capitalised(colour.english) + " " + std::string(row.noun) + " " + model;
  if (random.uniform() < 0.8) // the rest is not translated yet, as in every shop
    item.title_german = std::string(row.noun_german) + " " + model + " in " + std::string(colour.german);
  item.category = {std::string(row.top), std::string(row.middle), std::string(row.leaf)};
  item.brand = brands_of(row.top).names[product.brand];
  item.colour = colour.english;
  const double euros = row.price_low + product.price_level * (row.price_high - row.price_low);
  item.price_cents = static_cast<std::int64_t>(std::floor(euros)) * 100 - 10;
  if (random.uniform() < 0.12) {
    item.tags.emplace_back("sale");
    item.list_price_cents = item.price_cents * 5 / 4 / 100 * 100 - 10;
  }
  if (random.uniform() < 0.15) item.tags.emplace_back("organic");
  if (random.uniform() < 0.3) // where the shop knows its margin
    item.value_cents = static_cast<std::int64_t>(static_cast<double>(item.price_cents) * (0.2 + 0.25 * random.uniform()));
  if (random.uniform() < 0.06) item.tags.emplace_back("new");
  item.active = random.uniform() >= 0.01;
  return item;
}

void add_product(Catalogue& catalogue, std::size_t leaf, const Colour& colour, std::size_t items_max, Random& random) {
  const LeafRow& row = leaf_rows[leaf];
  Product product;
  product.leaf = leaf;
  product.brand = random.below(brands_per_top);
  // Dear brands make dear things, mostly.
  product.price_level = std::clamp((static_cast<double>(product.brand) + bell(random) + 0.5) / brands_per_top, 0.0, 1.0);
  const Item shared = draw_product_item(row, product, catalogue.products.size() + 1, colour, random);
  for (const std::string& size : draw_sizes(row.sizes, random)) {
    if (catalogue.items.size() >= items_max) break;
    Item item = shared;
    item.id = shared.group + (size.empty() ? "" : "-" + slug(size));
    item.size = size;
    if (!size.empty()) {
      item.title += ", size " + size;
      if (!item.title_german.empty()) item.title_german += ", Größe " + size;
    }
    if (random.uniform() < 0.2) item.stock = static_cast<std::int64_t>(random.below(40)); // 1 in 200 is sold out
    product.variants.push_back(catalogue.items.size());
    catalogue.items.push_back(std::move(item));
  }
  const double popularity = 1.0 / std::pow(1.0 + static_cast<double>(random.below(60)), 0.8); // few sell much
  Leaf& shelf = catalogue.leaves[leaf];
  shelf.popularity_up_to.push_back((shelf.popularity_up_to.empty() ? 0.0 : shelf.popularity_up_to.back()) + popularity);
  shelf.products.push_back(catalogue.products.size());
  catalogue.products.push_back(std::move(product));
}

/// The pair of the story: always there, always the same.
void add_pink_pumps(Catalogue& catalogue) {
  Product product;
  product.leaf = leaf_at("Shoes/Women/Pumps");
  product.brand = 1;
  product.price_level = 0.3;
  for (const char* size : {"38", "39"}) {
    Item item;
    item.id = std::string("pink-pumps-") + size;
    item.group = "pink-pumps";
    item.title = std::string("Pink pumps, size ") + size;
    item.title_german = std::string("Pumps in Rosa, Größe ") + size;
    item.category = {"Shoes", "Women", "Pumps"};
    item.brand = "Calla Rue";
    item.colour = "pink";
    item.size = size;
    item.price_cents = 7990;
    product.variants.push_back(catalogue.items.size());
    catalogue.items.push_back(std::move(item));
  }
  Leaf& shelf = catalogue.leaves[product.leaf];
  shelf.products.push_back(0);
  shelf.popularity_up_to.push_back(0.3);
  catalogue.products.push_back(std::move(product));
}

struct OfferRow {
  std::string_view id, campaign, title, title_german, top;
  std::int64_t value_cents;
  bool everywhere;
};
constexpr std::array offer_rows{
    OfferRow{"offer-shoes-20", "shoe-weeks", "20 % off a second pair of shoes", "20 % auf das zweite Paar Schuhe", "Shoes", 450, true},
    OfferRow{"offer-shoe-care", "shoe-weeks", "Shoe cream with every pair of boots", "Schuhcreme zu jedem Paar Stiefel", "Shoes", 120, false},
    OfferRow{"offer-spring-dresses", "new-season", "The new season is here", "Die neue Saison ist da", "Clothing", 350, true},
    OfferRow{"offer-denim", "new-season", "Jeans: two for 99", "Jeans: zwei für 99", "Clothing", 300, false},
    OfferRow{"offer-run-club", "outdoor-weeks", "Run club: train with us on Thursdays", "Lauftreff: donnerstags mit uns", "Sport", 200, true},
    OfferRow{"offer-tents", "outdoor-weeks", "Tents: carried to your door", "Zelte: bis vor die Tür", "Sport", 500, true},
    OfferRow{"offer-kitchen", "at-home", "Sharpened for free: every kitchen knife", "Kostenlos geschliffen: jedes Küchenmesser", "Home", 260, true},
    OfferRow{"offer-coffee", "at-home", "A pound of coffee with your machine", "Ein Pfund Kaffee zur Maschine", "Home", 380, false},
    OfferRow{"offer-trade-in", "trade-in", "Trade in your old camera", "Alte Kamera in Zahlung geben", "Electronics", 900, true},
    OfferRow{"offer-free-delivery", "free-delivery", "Free delivery this week", "Diese Woche versandkostenfrei", "", 150, true},
    OfferRow{"offer-last-season", "last-season", "Last season: everything must go", "Letzte Saison: alles muss raus", "Clothing", 250, true},
};

struct ServiceRow {
  std::string_view id, title, title_german;
};
constexpr std::array service_rows{
    ServiceRow{"service-complaint", "Your complaint: talk to us now", "Ihre Beschwerde: sprechen Sie mit uns"},
    ServiceRow{"service-parcel", "Where is my parcel?", "Wo ist mein Paket?"},
    ServiceRow{"service-return", "Print a return label", "Rücksendeschein drucken"},
    ServiceRow{"service-repair", "Repair instead of replace", "Reparieren statt ersetzen"},
    ServiceRow{"service-size", "Ask us about your size", "Fragen zur Größe"},
    ServiceRow{"service-branch", "Try it on in a branch near you", "In einer Filiale anprobieren"},
};

void add_offers_and_services(Catalogue& catalogue, const DemoOptions& options) {
  for (const OfferRow& row : offer_rows) {
    Item item;
    item.id = row.id;
    item.kind = "offer";
    item.campaign = row.campaign;
    item.title = row.title;
    item.title_german = row.title_german;
    item.value_cents = row.value_cents;
    if (!row.top.empty()) item.category = {std::string(row.top)};
    if (!row.everywhere) item.channels = {"web", "app"};
    // Still in the catalogue, and over: whoever asks why gets out_of_schedule.
    if (row.campaign == "last-season") item.ends_at = options.end - days(10);
    catalogue.offers.push_back(catalogue.items.size());
    catalogue.items.push_back(std::move(item));
  }
  for (const ServiceRow& row : service_rows) {
    Item item;
    item.id = row.id;
    item.kind = "service";
    item.purpose = "service";
    item.title = row.title;
    item.title_german = row.title_german;
    item.tags = {"service"};
    item.value_cents = 50;
    catalogue.services.push_back(catalogue.items.size());
    catalogue.items.push_back(std::move(item));
  }
}

} // namespace

double bell(Random& random) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum - 6;
}

std::size_t leaf_at(std::string_view path) {
  const auto found = std::find_if(leaf_rows.begin(), leaf_rows.end(), [&](const LeafRow& row) {
    return path == std::string(row.top) + "/" + std::string(row.middle) + "/" + std::string(row.leaf);
  });
  TAKT_CHECK(found != leaf_rows.end(), "the demo shop has this leaf");
  return static_cast<std::size_t>(found - leaf_rows.begin());
}

Catalogue make_catalogue(const DemoOptions& options, Random& random) {
  Catalogue catalogue;
  catalogue.leaves.resize(leaf_rows.size());
  for (std::size_t leaf = 0; leaf < leaf_rows.size(); ++leaf) {
    const auto companion =
        std::find_if(leaf_rows.begin(), leaf_rows.end(), [&](const LeafRow& row) { return row.leaf == leaf_rows[leaf].companion; });
    TAKT_CHECK(companion != leaf_rows.end(), "companions exist");
    catalogue.leaves[leaf].companion = static_cast<std::size_t>(companion - leaf_rows.begin());
    catalogue.leaves[leaf].noun = leaf_rows[leaf].noun;
  }
  add_pink_pumps(catalogue);
  const std::size_t products_max = options.items - offer_rows.size() - service_rows.size();
  // One of each first, then at random: every leaf has something to show.
  for (std::size_t round = 0; catalogue.items.size() < products_max; ++round) {
    const std::size_t leaf = round < leaf_rows.size() ? round : random.below(leaf_rows.size());
    add_product(catalogue, leaf, colours[random.below(colours.size())], products_max, random);
  }
  add_offers_and_services(catalogue, options);
  return catalogue;
}

std::size_t draw_product(const Catalogue& catalogue, std::size_t leaf, Random& random) {
  const Leaf& shelf = catalogue.leaves[leaf];
  const double point = random.uniform() * shelf.popularity_up_to.back();
  const auto found = std::lower_bound(shelf.popularity_up_to.begin(), shelf.popularity_up_to.end(), point);
  return shelf.products[static_cast<std::size_t>(found - shelf.popularity_up_to.begin())];
}

std::string price_text(std::int64_t cents) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld.%02lld", static_cast<long long>(cents / 100), static_cast<long long>(cents % 100));
  return text.data();
}

std::string to_json(const Item& item) {
  const auto money = [](std::int64_t cents) { return JsonObject().text("amount", price_text(cents)).text("currency", "EUR").done(); };
  JsonObject json;
  json.text("type", "item").text("id", item.id).text("kind", item.kind);
  if (!item.group.empty()) json.text("group", item.group);
  json.text("title", item.title).text("url", "https://shop.example/" + item.id).text("image", "https://shop.example/" + item.id + ".jpg");
  if (!item.category.empty()) json.texts("category", item.category);
  if (!item.brand.empty()) json.text("brand", item.brand);
  if (!item.tags.empty()) json.texts("tags", item.tags);
  if (!item.campaign.empty()) json.text("campaign", item.campaign);
  json.text("purpose", item.purpose);
  if (item.price_cents > 0) json.raw("price", money(item.price_cents));
  if (item.list_price_cents > 0) json.raw("list_price", money(item.list_price_cents));
  if (item.value_cents > 0) json.text("value", price_text(item.value_cents));
  if (item.stock) json.number("stock", *item.stock);
  json.boolean("active", item.active);
  if (item.ends_at) json.text("ends_at", format_utc(*item.ends_at));
  if (!item.channels.empty()) json.texts("channels", item.channels);
  if (!item.title_german.empty()) json.raw("i18n", JsonObject().raw("de", JsonObject().text("title", item.title_german).done()).done());
  if (!item.colour.empty()) {
    JsonObject attributes;
    attributes.text("colour", item.colour);
    if (!item.size.empty()) attributes.text("size", item.size);
    json.raw("attributes", attributes.done());
  }
  return json.done();
}

} // namespace takt::demo
