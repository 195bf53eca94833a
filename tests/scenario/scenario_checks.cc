// "then …": what must be true. Every sentence compares with the answer or the record, never with a log.
#include "tests/scenario/scenario_steps.h"

#include <algorithm>

namespace takt::scenario {
namespace {

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
  return text.empty() ? "nothing" : text;
}

std::vector<std::string> items_in(const Decision& decision) {
  std::vector<std::string> items;
  for (const PlacementDecision& placement : decision.placements)
    for (const Choice& choice : placement.choices) items.push_back(choice.item.text());
  return items;
}

void expect_answer(const ScenarioWorld& world, const std::string& who, const Words& words) {
  const auto answer = world.last_answer.find(who);
  if (answer == world.last_answer.end()) throw Mistake(who + " has not asked yet");
  const auto before = std::find(words.begin(), words.end(), "before");
  if (before != words.end()) { // "nothing before 2024-03-06 08:00": deferred, exactly until then
    std::string time = before[1];
    if (before + 2 != words.end()) time += " " + before[2];
    const PlacementDecision& placement = answer->second.placements.at(0);
    const std::string got = placement.not_before ? format_utc(*placement.not_before) : "no time";
    if (placement.outcome != Outcome::defer || placement.not_before != time_of_text(world, time)) throw Mistake(who + " is told " + got + ", not " + time);
  }
  std::vector<std::string> wanted;
  bool any_order = false;
  for (std::string word : Words(words.begin(), before)) {
    if (word == "nothing" || word == "and") continue;
    if (word == "only") {
      any_order = true;
      continue;
    }
    if (word.back() == ',') word.pop_back();
    wanted.push_back(word);
  }
  std::vector<std::string> got = items_in(answer->second);
  if (any_order) {
    std::sort(wanted.begin(), wanted.end());
    std::sort(got.begin(), got.end());
  }
  if (got != wanted) throw Mistake(who + " gets " + joined(got) + ", not " + joined(wanted));
}

WhyAnswer why_of(ScenarioWorld& world, const std::string& item, const std::string& who, const std::string& placement) {
  DecisionRequest request;
  PlacementRequest asked;
  asked.placement = *PlacementId::parse(placement);
  request.placements.push_back(asked);
  request.context.channel = "web";
  request.now = world.clock.now;
  Person person = make_person(world.record_of(who), request, world.world->policy(), *world.world->symbols);
  person.totals = world.world->rulebook->totals.get();
  auto answer = why(*world.world, person, request, *ItemId::parse(item), world.clock);
  if (!answer) throw Mistake("why failed: " + answer.error().message);
  return *answer;
}

std::string reason_text(const Reason& reason) {
  std::string text(to_text(reason.code));
  if (!reason.rule.empty()) text += " " + reason.rule;
  if (reason.observed && reason.limit) text += " " + std::to_string(*reason.observed) + " of " + std::to_string(*reason.limit);
  return text;
}

/// "pumps is blocked for anna at home.hero by capped daily 2 of 2 until 2024-03-06 10:09"
void expect_blocked(ScenarioWorld& world, Words words) {
  const WhyAnswer answer = why_of(world, words.at(0), words.at(4), words.at(6));
  std::vector<std::string> got;
  for (const Reason& reason : answer.blocked_by) got.push_back(reason_text(reason));
  if (answer.verdict != Verdict::blocked) throw Mistake(words[0] + " is not blocked: " + std::string(to_text(answer.verdict)));
  const bool provisional = words.back() == "provisionally";
  if (provisional) words.pop_back();
  const auto until = std::find(words.begin(), words.end(), "until");
  const bool for_good = words.size() > 2 && words[words.size() - 2] == "for" && words.back() == "good";
  auto end = until != words.end() ? until : for_good ? words.end() - 2 : words.end();
  std::string wanted;
  for (auto word = words.begin() + 8; word < end; ++word) wanted += (wanted.empty() ? "" : " ") + *word;
  if (!wanted.empty() && std::none_of(got.begin(), got.end(), [&](const std::string& text) { return text == wanted || text.starts_with(wanted + " "); }))
    throw Mistake(words[0] + " is blocked by " + joined(got) + ", not by " + wanted);
  const std::string free_again = answer.eligible_again ? format_utc(*answer.eligible_again) : "never";
  if (for_good && answer.eligible_again) throw Mistake(words[0] + " is free again at " + free_again);
  if (until != words.end()) {
    std::string time = *(until + 1);
    if (until + 2 != words.end()) time += " " + *(until + 2);
    if (answer.eligible_again != time_of_text(world, time)) throw Mistake(words[0] + " is free again at " + free_again + ", not " + time);
  }
  if (until != words.end() && provisional != answer.provisional) throw Mistake(std::string("that answer is ") + (answer.provisional ? "" : "not ") + "provisional");
}

void expect_free(ScenarioWorld& world, const Words& words) { // "pumps is free for anna at home.hero"
  const WhyAnswer answer = why_of(world, words.at(0), words.at(4), words.at(6));
  if (answer.verdict != Verdict::blocked) return;
  std::vector<std::string> got;
  for (const Reason& reason : answer.blocked_by) got.push_back(reason_text(reason));
  throw Mistake(words[0] + " is blocked by " + joined(got));
}

/// "anna has 2 exposures [of pumps]", "anna has 1 contact": shown ones, by the definitions of the ledger.
void expect_count(ScenarioWorld& world, const std::string& who, const Words& words) {
  const RecordPtr record = world.record_of(who);
  const std::size_t wanted = std::stoul(words.at(0));
  std::size_t exposures = 0;
  std::vector<ContactId> contacts;
  for (const Entry& entry : record->ledger.entries) {
    const LabelSet& labels = record->ledger.labels_of(entry);
    if (words.size() > 3 && world.store->symbols().name(labels.item) != words[3]) continue;
    if (!shown_at(entry, labels.medium)) continue;
    exposures += 1 + reshown_at(entry, labels.medium).size();
    if (std::find(contacts.begin(), contacts.end(), entry.id.contact()) == contacts.end()) contacts.push_back(entry.id.contact());
  }
  const std::size_t got = words.at(1).starts_with("contact") ? contacts.size() : exposures;
  if (got != wanted) throw Mistake(who + " has " + std::to_string(got) + " " + words[1] + ", not " + words[0]);
}

} // namespace

void then_step(ScenarioWorld& world, const Words& words, const std::string& sentence) {
  if (words.size() > 1 && words[0] == "it" && words[1] == "is") {
    if (words.at(2) == "refused:" || words.at(2) == "refused") {
      const std::string wanted = words[2] == "refused:" ? sentence.substr(sentence.find("refused:") + 9) : "";
      if (!world.last_error) throw Mistake("it was not refused");
      if (world.last_error->message.find(wanted) == std::string::npos) throw Mistake("it was refused with: " + world.last_error->message);
      return;
    }
    if (sentence.find("duplicate") != std::string::npos) {
      if (world.last_ingest != IngestOutcome::duplicate) throw Mistake("it was not a duplicate");
      return;
    }
    if (sentence.find("the same answer") != std::string::npos) { // "it is the same answer"
      const std::size_t n = world.decisions.size();
      if (n < 2 || world.decisions[n - 1].second.id != world.decisions[n - 2].second.id) throw Mistake("it is another decision");
      return;
    }
    if (sentence.find("a new decision") != std::string::npos) {
      const std::size_t n = world.decisions.size();
      if (n < 2 || world.decisions[n - 1].second.id == world.decisions[n - 2].second.id) throw Mistake("it is the same decision");
      return;
    }
  }
  if (words.size() > 6 && words[1] == "is" && words[2] == "blocked") return expect_blocked(world, words);
  if (words.size() > 6 && words[1] == "is" && words[2] == "free") return expect_free(world, words);
  if (words.at(1) == "gets") return expect_answer(world, words[0], Words(words.begin() + 2, words.end()));
  if (words.at(1) == "has") return expect_count(world, words[0], Words(words.begin() + 2, words.end()));
  throw Mistake("not an expectation that scenarios know");
}

} // namespace takt::scenario
