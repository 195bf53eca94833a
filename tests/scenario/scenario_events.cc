// "when …": what happens to somebody. Each sentence becomes the event or request that a real client would send.
#include "tests/scenario/scenario_steps.h"

#include <algorithm>
#include <map>

namespace takt::scenario {
namespace {

/// Takes "KEY VALUE" out of the words where it is there.
std::optional<std::string> take(Words& words, const std::string& key) {
  const auto found = std::find(words.begin(), words.end(), key);
  if (found == words.end() || found + 1 == words.end()) return std::nullopt;
  std::string value = *(found + 1);
  words.erase(found, found + 2);
  return value;
}

bool take_phrase(Words& words, const Words& phrase) {
  const auto found = std::search(words.begin(), words.end(), phrase.begin(), phrase.end());
  if (found == words.end()) return false;
  words.erase(found, found + static_cast<std::ptrdiff_t>(phrase.size()));
  return true;
}

/// Takes "PHRASE VALUE" out of the words where it is there.
std::optional<std::string> take_after(Words& words, const Words& phrase) {
  const auto found = std::search(words.begin(), words.end(), phrase.begin(), phrase.end());
  const auto size = static_cast<std::ptrdiff_t>(phrase.size());
  if (found == words.end() || words.end() - found <= size) return std::nullopt;
  std::string value = *(found + size);
  words.erase(found, found + size + 1);
  return value;
}

const Decision& decision_of(const ScenarioWorld& world, const std::string& who, const std::optional<std::string>& number) {
  if (number) {
    const std::size_t index = std::stoul(*number);
    if (index == 0 || index > world.decisions.size()) throw Mistake("there is no decision " + *number);
    return world.decisions[index - 1].second;
  }
  const auto found = world.last_answer.find(who);
  if (found == world.last_answer.end()) throw Mistake(who + " has not asked yet");
  return found->second;
}

EventItem item_named(const std::string& name) {
  EventItem item;
  item.id = name;
  return item;
}

/// Options that every event sentence may end with: "at TIME", "as message M", "on CHANNEL", "of decision N", "without decision".
struct Options {
  UtcTime at{};
  std::optional<std::string> message, channel, decision;
  bool without_decision = false, unknown_decision = false, passive = false;
};

Options take_options(const ScenarioWorld& world, Words& words) {
  Options options;
  options.at = world.clock.now;
  options.without_decision = take_phrase(words, {"without", "decision"});
  options.unknown_decision = take_phrase(words, {"of", "an", "unknown", "decision"});
  options.passive = take_phrase(words, {"in", "the", "background"});
  options.decision = take_after(words, {"of", "decision"});
  options.message = take_after(words, {"as", "message"});
  options.channel = take(words, "on");
  const auto at = std::find(words.begin(), words.end(), "at");
  if (at != words.end()) {
    std::string time = *(at + 1);
    if (at + 2 != words.end()) time += " " + *(at + 2);
    options.at = time_of_text(world, time);
    words.erase(at, words.end());
  }
  return options;
}

Event begin_event(ScenarioWorld& world, const std::string& who, const Options& options, EventName name) {
  Event event = world.event_of(who, options.at);
  event.name = name;
  if (options.message) event.message_id = *options.message;
  if (options.channel) event.channel = *options.channel;
  event.active = !options.passive;
  return event;
}

void name_decision(const ScenarioWorld& world, const std::string& who, const Options& options, Event& event) {
  if (options.without_decision) return;
  event.decision_id = options.unknown_decision ? "01JZZZZZZZZZZZZZZZZZZZZZZZ" : to_text(decision_of(world, who, options.decision).id);
}

void ask(ScenarioWorld& world, const std::string& who, Words words) {
  DecisionRequest request;
  const Identity identity = world.identity_of(who);
  (identity.kind == IdentityKind::user ? request.user_id : request.anonymous_id) = who;
  request.context.channel = "web";
  if (take_phrase(words, {"replacing", "the", "last"})) request.replaces.push_back(decision_of(world, who, std::nullopt).id);
  if (take_phrase(words, {"for", "the", "next", "page"})) request.after = decision_of(world, who, std::nullopt).id;
  const auto limit = take(words, "for");
  request.request_id = take_after(words, {"as", "request"}).value_or("");
  while (const auto excluded = take(words, "excluding")) request.exclude.push_back(*ItemId::parse(*excluded));
  std::uint64_t body = 0;
  for (const std::string& word : words) {
    if (word == "at" || word == "and") continue;
    PlacementRequest placement;
    placement.placement = *PlacementId::parse(word);
    if (limit) placement.limit = static_cast<std::uint32_t>(std::stoul(*limit));
    request.placements.push_back(std::move(placement));
    body = body * 31 + std::hash<std::string>{}(word);
  }
  request.body_hash = body + request.exclude.size();
  auto decision = world.ask(request);
  if (!decision) return; // "then it is refused" looks at last_error
  world.decisions.emplace_back(who, *decision);
  world.last_answer[who] = std::move(*decision);
}

void exposure(ScenarioWorld& world, const std::string& who, EventName name, Words words) {
  const auto scope = take(words, "scope");
  const auto until = take(words, "until");
  const Options options = take_options(world, words);
  Event event = begin_event(world, who, options, name);
  for (const std::string& word : words) event.items.push_back(item_named(word));
  name_decision(world, who, options, event);
  if (scope) event.dismiss_scope = *scope;
  if (until) event.dismiss_until = time_of_text(world, *until);
  world.send(event);
}

void interest(ScenarioWorld& world, const std::string& who, EventName name, Words words) {
  const Options options = take_options(world, words);
  Event event = begin_event(world, who, options, name);
  for (const std::string& word : words) event.items.push_back(item_named(word));
  world.send(event);
}

void order(ScenarioWorld& world, const std::string& who, EventName name, Words words) {
  auto number = take_after(words, {"as", "order"});
  if (!number) number = take_after(words, {"of", "order"});
  if (!number) throw Mistake("an order needs its number: … as order o1");
  Event event = begin_event(world, who, {world.clock.now, {}, {}, {}, false, false, false}, name);
  event.order_id = *number;
  for (const std::string& word : words) event.items.push_back(item_named(word));
  world.send(event);
}

void mail(ScenarioWorld& world, Words words) { // "mail to anna is delivered|bounces …"
  const std::string who = words.at(2);
  const bool bounces = words.at(3) == "bounces";
  words.erase(words.begin(), words.begin() + (bounces ? 4 : 5));
  const Options options = take_options(world, words);
  Event event = begin_event(world, who, options, bounces ? EventName::message_bounced : EventName::message_delivered);
  event.channel = "email";
  name_decision(world, who, options, event);
  world.send(event);
}

void mail_from_elsewhere(ScenarioWorld& world, const std::string& who, Words words) { // "a mail about pumps bags"
  words.erase(words.begin(), words.begin() + 3);
  const Options options = take_options(world, words);
  Event event = begin_event(world, who, options, EventName::message_delivered);
  event.channel = "email";
  for (const std::string& word : words) event.items.push_back(item_named(word));
  world.send(event);
}

void case_event(ScenarioWorld& world, const std::string& who, EventName name, Words words) {
  const Options options = take_options(world, words);
  Event event = begin_event(world, who, options, name);
  event.case_id = words.at(1);
  event.channel = "phone";
  world.send(event);
}

void consent(ScenarioWorld& world, const std::string& who, bool granted, const Words& words) { // "marketing on email", "marketing"
  Event event = world.event_of(who, world.clock.now);
  event.type = EventType::identify;
  ConsentChange change;
  static const std::map<std::string, Purpose> purposes{{"profile", Purpose::profile}, {"frequency", Purpose::frequency}, {"marketing", Purpose::marketing}};
  if (!purposes.contains(words.at(0))) throw Mistake("no purpose: " + words[0]);
  change.purpose = purposes.at(words[0]);
  change.granted = granted;
  if (words.size() > 2) change.channel = words[2];
  event.consents.push_back(change);
  world.send(event);
}

} // namespace

void when_step(ScenarioWorld& world, const Words& words) {
  static const std::map<std::string, EventName> exposures{{"views", EventName::promotion_viewed}, {"clicks", EventName::promotion_clicked}, {"dismisses", EventName::promotion_dismissed}};
  static const std::map<std::string, EventName> interests{{"opens", EventName::product_viewed}, {"adds", EventName::product_added}};
  static const std::map<std::string, EventName> orders{{"buys", EventName::order_completed}, {"returns", EventName::order_refunded}};
  if (words.size() == 2 && words[1] == "pass") {
    world.clock.now += parse_duration(words[0]).value();
    return;
  }
  if (words.size() == 4 && words[1] == "server") return world.restart(); // "the server starts again"
  if (words.at(0) == "the") return mail(world, Words(words.begin() + 1, words.end()));
  const std::string &who = words.at(0), &verb = words.at(1);
  const Words rest(words.begin() + 2, words.end());
  if (verb == "asks") return ask(world, who, rest);
  if (verb == "opens" && rest.at(0) == "case") return case_event(world, who, EventName::case_opened, rest);
  if (verb == "closes") return case_event(world, who, EventName::case_closed, rest);
  if (const auto found = exposures.find(verb); found != exposures.end()) return exposure(world, who, found->second, rest);
  if (verb == "reports") { // "anna reports redeemed about pumps": an event of the sender's own
    Words about(rest.begin() + 2, rest.end());
    const Options options = take_options(world, about);
    Event event = begin_event(world, who, options, EventName::other);
    event.name_text = rest.at(0);
    for (const std::string& word : about) event.items.push_back(item_named(word));
    name_decision(world, who, options, event);
    return world.send(event);
  }
  if (const auto found = interests.find(verb); found != interests.end()) return interest(world, who, found->second, rest);
  if (const auto found = orders.find(verb); found != orders.end()) return order(world, who, found->second, rest);
  if (verb == "gets" && rest.size() > 2 && rest[1] == "mail") return mail_from_elsewhere(world, who, rest);
  if (verb == "allows" || verb == "forbids") return consent(world, who, verb == "allows", rest);
  if (verb == "has") { // "anna has tier gold": a trait
    Event event = world.event_of(who, world.clock.now);
    event.type = EventType::identify;
    event.traits.push_back({rest.at(0), '"' + rest.at(1) + '"'});
    return world.send(event);
  }
  if (verb == "is" && rest.at(0) == "parted") return world.part(who, rest.at(2)); // "from"
  if (verb == "is" && rest.at(0) == "in") {
    Event event = world.event_of(who, world.clock.now);
    event.type = EventType::identify;
    event.zone = rest.at(1);
    return world.send(event);
  }
  if (verb == "joins") { // Segment's group call
    Event event = world.event_of(who, world.clock.now);
    event.type = EventType::group;
    event.group_id = rest.at(0);
    return world.send(event);
  }
  if (verb == "becomes" || verb == "was") {
    Event event = world.event_of(verb == "was" ? who : rest.at(0), world.clock.now);
    event.type = verb == "was" ? EventType::alias : EventType::identify;
    (verb == "was" ? event.previous_id : event.anonymous_id) = verb == "was" ? rest.at(0) : who;
    return world.send(event);
  }
  throw Mistake("nobody can '" + verb + "'");
}

} // namespace takt::scenario
