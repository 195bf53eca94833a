#include "core/reason.h"

#include "core/decision.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace takt {

namespace {

constexpr std::array<std::string_view, stages_count> stage_texts{"profile", "features", "retrieve",  "eligibility", "caps",
                                                                 "score",   "fatigue",  "arbitrate", "compose",     "log"};

constexpr std::array<std::string_view, sources_count> source_texts{"similar",         "bought_together", "viewed_together", "taste",   "session",
                                                                   "recently_viewed", "trending",        "new",             "popular", "pinned",
                                                                   "service",         "list",            "caller",         "relevance", "launch"};

/// One row per code: the code of the API, and the sentence without its end.
struct ReasonText {
  ReasonCode code;
  std::string_view text, english, german;
};
constexpr std::array<ReasonText, reason_codes_count> reason_texts{{
    {ReasonCode::capped, "capped", "The limit is reached", "Die Obergrenze ist erreicht"},
    {ReasonCode::gap, "gap", "The last contact of this kind is too recent", "Der letzte Kontakt dieser Art ist zu frisch"},
    {ReasonCode::fatigued, "fatigued", "Seen often lately, so it counts for less", "In letzter Zeit oft gesehen, darum zählt es weniger"},
    {ReasonCode::post_purchase, "post_purchase", "Bought recently, so it is not advertised for a while",
     "Vor Kurzem gekauft, darum wird es eine Weile nicht beworben"},
    {ReasonCode::gated, "gated", "Held back while another matter of the customer is open", "Zurückgehalten, solange ein anderes Anliegen der Person offen ist"},
    {ReasonCode::quiet_hours, "quiet_hours", "Quiet hours: this channel stays silent now", "Ruhezeit: dieser Kanal schweigt jetzt"},
    {ReasonCode::consent, "consent", "The customer's consent does not cover it", "Die Einwilligung der Person deckt es nicht ab"},
    {ReasonCode::ineligible, "ineligible", "Not meant for this customer", "Nicht für diese Person gedacht"},
    {ReasonCode::inactive, "inactive", "The item is switched off", "Der Artikel ist abgeschaltet"},
    {ReasonCode::out_of_schedule, "out_of_schedule", "Outside the dates it is offered", "Außerhalb des Zeitraums, in dem es angeboten wird"},
    {ReasonCode::out_of_stock, "out_of_stock", "Out of stock", "Nicht auf Lager"},
    {ReasonCode::placement_mismatch, "placement_mismatch", "This placement does not take such items", "Dieser Platz nimmt solche Artikel nicht auf"},
    {ReasonCode::excluded, "excluded", "The request excluded it", "Die Anfrage hat es ausgeschlossen"},
    {ReasonCode::filtered, "filtered", "It does not meet the filter of the request", "Es erfüllt den Filter der Anfrage nicht"},
    {ReasonCode::duplicate, "duplicate", "Already in this answer", "Schon in dieser Antwort enthalten"},
    {ReasonCode::group_duplicate, "group_duplicate", "Another variant of the same product is already shown",
     "Eine andere Variante desselben Produkts wird schon gezeigt"},
    {ReasonCode::diversity, "diversity", "Too similar to what is already chosen", "Dem schon Gewählten zu ähnlich"},
    {ReasonCode::holdout, "holdout", "The customer is in the control group, which is shown nothing",
     "Die Person gehört zur Kontrollgruppe, der nichts gezeigt wird"},
    {ReasonCode::below_hold, "below_hold", "Not worth the customer's attention now: showing nothing is better",
     "Die Aufmerksamkeit der Person jetzt nicht wert: nichts zu zeigen ist besser"},
    {ReasonCode::dismissed, "dismissed", "The customer does not want to see it", "Die Person möchte es nicht sehen"},
    {ReasonCode::budget_exhausted, "budget_exhausted", "Its total budget is used up", "Das Gesamtbudget ist aufgebraucht"},
    {ReasonCode::paused, "paused", "Paused by hand", "Von Hand pausiert"},
    {ReasonCode::hidden, "hidden", "Hidden by a merchandising rule", "Durch eine Sortimentsregel ausgeblendet"},
    {ReasonCode::outranked, "outranked", "Other items were worth more", "Andere Artikel waren mehr wert"},
    {ReasonCode::not_retrieved, "not_retrieved", "Not among the candidates that were looked at", "Nicht unter den betrachteten Kandidaten"},
    {ReasonCode::unknown_item, "unknown_item", "There is no item with this id", "Es gibt keinen Artikel mit dieser Kennung"},
    {ReasonCode::anchor, "anchor", "The page is about this item already", "Um diesen Artikel geht es auf der Seite schon"},
    {ReasonCode::no_rate, "no_rate", "There is no exchange rate for its currency", "Für seine Währung ist kein Wechselkurs hinterlegt"},
    {ReasonCode::deadline_skipped, "deadline_skipped", "This step was left out to answer in time", "Dieser Schritt entfiel, um rechtzeitig zu antworten"},
    {ReasonCode::contention, "contention", "Too much happened to this customer at once, nothing could be reserved",
     "Bei dieser Person geschah zu viel gleichzeitig, nichts konnte reserviert werden"},
    {ReasonCode::no_candidates, "no_candidates", "No item was left to choose from", "Kein Artikel blieb zur Auswahl"},
    {ReasonCode::store_unavailable, "store_unavailable", "The customer's history could not be read or written",
     "Die Geschichte der Person konnte nicht gelesen oder geschrieben werden"},
    {ReasonCode::bot, "bot", "The visitor is a program: nothing is counted or learnt", "Der Besucher ist ein Programm: es wird nichts gezählt oder gelernt"},
    {ReasonCode::calibration, "calibration", "Its category has its share of this answer already", "Ihre Kategorie hat in dieser Antwort schon ihren Anteil"},
    {ReasonCode::launch, "launch", "New here and seldom shown yet, so it gets a few more chances",
     "Neu und noch selten gezeigt, darum bekommt es einige Gelegenheiten mehr"},
    {ReasonCode::boosted, "boosted", "Weighed by hand, by a merchandising rule", "Von Hand gewichtet, durch eine Sortimentsregel"},
    {ReasonCode::pinned, "pinned", "Put here by a merchandising rule", "Durch eine Sortimentsregel hierher gesetzt"},
}};
constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < reason_texts.size(); ++i)
    if (static_cast<std::size_t>(reason_texts[i].code) != i) return false;
  return true;
}
static_assert(in_enum_order(), "reason_texts is indexed by code");

struct BecauseText {
  std::string_view text, english, german;        ///< with a subject: it follows after a blank
  std::string_view english_alone, german_alone;  ///< without one
};
constexpr std::array<BecauseText, static_cast<std::size_t>(Because::picked) + 1> because_texts{{
    {"because_viewed", "Because you looked at", "Weil Sie sich angesehen haben:", "Because of what you looked at", "Weil Sie Ähnliches angesehen haben"},
    {"because_bought", "Because you bought", "Weil Sie gekauft haben:", "Because of what you bought", "Passend zu Ihren Einkäufen"},
    {"because_similar_to", "Similar to", "Ähnlich wie", "Similar to this", "Ähnlich wie dieser Artikel"},
    {"because_popular", "Popular in", "Beliebt in", "Popular right now", "Gerade beliebt"},
    {"because_trending", "Trending in", "Im Trend in", "Trending now", "Gerade im Trend"},
    {"because_new", "New in", "Neu in", "New", "Neu"},
    {"because_category", "Because you like", "Weil Ihnen gefällt:", "Because it is your taste", "Weil es Ihrem Geschmack entspricht"},
    {"because_brand", "Because you like", "Weil Ihnen gefällt:", "Because you like the brand", "Weil Ihnen die Marke gefällt"},
    {"because_chosen_for_you", "Chosen for you:", "Für Sie ausgewählt:", "Chosen for you", "Für Sie ausgewählt"},
    {"because_service", "To help you with", "Hilfe zu", "To help you", "Damit alles klappt"},
    {"because_picked", "Our pick:", "Unsere Empfehlung:", "Our pick", "Unsere Empfehlung"},
}};

bool is_german(std::string_view locale) {
  if (locale.size() < 2 || (locale[0] | 0x20) != 'd' || (locale[1] | 0x20) != 'e') return false;
  return locale.size() == 2 || locale[2] == '-' || locale[2] == '_';
}

std::string person_time(UtcTime t, bool german) {
  const std::string iso = format_utc(t); // 2026-03-05T09:12:00Z
  const std::size_t day = iso.find('T');
  if (day == std::string::npos || day < 10) return iso;
  const bool whole_minute = iso.substr(day + 6) == ":00Z";
  const std::string clock = iso.substr(day + 1, whole_minute ? 5 : 8);
  if (!german) return iso.substr(0, day) + " " + clock + " UTC";
  return iso.substr(day - 2, 2) + "." + iso.substr(day - 5, 2) + "." + iso.substr(0, day - 6) + ", " + clock + " Uhr (UTC)";
}

std::string factor_text(double factor, bool german) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2f", factor);
  std::string text(buffer.data());
  if (const std::size_t point = text.find('.'); german && point != std::string::npos) text[point] = ',';
  return text;
}

template <class Texts, class Enum>
std::string_view text_at(const Texts& texts, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < texts.size() ? texts[index] : std::string_view("unknown");
}

} // namespace

std::string_view to_text(Stage stage) { return text_at(stage_texts, stage); }

std::string_view to_text(ReasonCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < reason_texts.size() ? reason_texts[index].text : std::string_view("unknown");
}

std::string_view to_text(Source source) { return text_at(source_texts, source); }

std::optional<Source> parse_source(std::string_view text) {
  for (std::size_t i = 0; i < source_texts.size(); ++i)
    if (source_texts[i] == text) return static_cast<Source>(i);
  return std::nullopt;
}

std::string_view to_text(Because because) {
  const auto index = static_cast<std::size_t>(because);
  return index < because_texts.size() ? because_texts[index].text : std::string_view("unknown");
}

std::string_view to_text(Outcome outcome) {
  constexpr std::array<std::string_view, 4> texts{"items", "hold", "fallback", "defer"};
  return text_at(texts, outcome);
}

std::string_view to_text(HoldKind kind) {
  constexpr std::array<std::string_view, 4> texts{"chosen", "no_candidates", "holdout", "degraded"};
  return text_at(texts, kind);
}

std::string describe(const Reason& reason, std::string_view locale) {
  const bool german = is_german(locale);
  const auto index = static_cast<std::size_t>(reason.code);
  if (index >= reason_texts.size()) return german ? "Unbekannter Grund." : "Unknown reason.";
  std::string text(german ? reason_texts[index].german : reason_texts[index].english);
  if (!reason.rule.empty()) text += (german ? " (Regel „" : " (rule “") + reason.rule + (german ? "“)" : "”)");
  if (reason.observed && reason.limit) {
    text += ": " + std::to_string(*reason.observed) + (german ? " von höchstens " : " of at most ") + std::to_string(*reason.limit);
  } else if (reason.observed) {
    text += ": " + std::to_string(*reason.observed) + (german ? " bisher" : " so far");
  } else if (reason.limit) {
    text += (german ? ": höchstens " : ": at most ") + std::to_string(*reason.limit);
  }
  if (reason.factor) text += (german ? ", Faktor " : ", factor ") + factor_text(*reason.factor, german);
  text += ".";
  if (!reason.eligible_again) return text;
  text += (german ? " Wieder möglich ab " : " Possible again from ") + person_time(*reason.eligible_again, german);
  if (reason.provisional)
    text += german ? "; das kann sich ändern, wenn schon Ausgeliefertes noch gesehen wird" : "; this may change when something already handed out is seen";
  return text + ".";
}

std::string describe(Because because, std::string_view subject, std::string_view locale) {
  const bool german = is_german(locale);
  const auto index = std::min(static_cast<std::size_t>(because), because_texts.size() - 1);
  const BecauseText& row = because_texts[index];
  if (subject.empty()) return std::string(german ? row.german_alone : row.english_alone);
  return std::string(german ? row.german : row.english).append(" ").append(subject);
}

} // namespace takt
