#pragma once
/// One customer as one decision sees them: the record, the instant, and what consent allows. A value; reads no store.
#include "core/decision.h"
#include "core/policy.h"
#include "core/record.h"
#include "core/total_cap.h"
#include "store/store.h"

namespace takt {

struct Person {
  RecordPtr record;                                   ///< never null; version 0 = unknown to us
  UtcTime now{};                                      ///< max(request.now, record.clock)
  PersonTime time;                                    ///< sessions and zones, as windows ask for them
  bool profile_allowed = true;                        ///< false: nothing about the person is read for taste
  bool frequency_allowed = true;
  bool is_countable = true;                           ///< false: of the next visit nobody will know that it is the same person
  const TotalCounts* totals = nullptr;                ///< what caps over more than one customer have counted; null: nothing. Outlives the decision
  const CustomerRecord& operator*() const { return *record; }
  const CustomerRecord* operator->() const { return record.get(); }
};

/// May this purpose use this channel? Newest answer wins, ties deny; required purposes need a recorded yes; context of the
/// call overrides for the call only.
bool consent_allows(const CustomerRecord& record, const ConsentPolicy& policy, const RequestContext& context, Purpose purpose, Symbol channel);

Person make_person(RecordPtr record, const DecisionRequest& request, const Policy& policy, const SymbolTable& symbols);

} // namespace takt
