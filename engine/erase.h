#pragma once
/// Forgetting one person (semantics.md "Erasure"): who goes with them, what names them, and which of that means nobody else. Reads only;
/// Erasures::erase does it.
/// Errors: not_found, unavailable. Threads: any. Cost: the person's journal, and one read of every other customer where orders, cases or
/// names are to lose their text: ~20 us a customer.
#include "core/event.h"
#include "engine/catalogue.h"
#include "store/store.h"

#include <functional>

namespace takt {

/// `salt`: random bytes, for a store that has no marks yet. `progress(customers looked at)`. Without a catalogue the items' documents are
/// searched for each label.
Result<Erasure> plan_erasure(Store& store, const Catalogue* catalogue, CustomerId customer, UtcTime now, const Bytes16& salt,
                             const std::function<void(std::size_t)>& progress = nullptr);

/// An event that tells of a time before somebody whom it names was erased: it is dropped. A later one founds a new customer.
bool is_of_erased(Store& store, const Event& event);

} // namespace takt
