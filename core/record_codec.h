#pragma once
/// Bytes of records, deltas and journal entries. Layout and rules of evolution: docs/formats.md. Numbers are varints, lists
/// are counted, every section carries its id and length, so an older reader skips what it does not know *within one format
/// version*; a newer format version is refused, an older one is migrated while reading.
/// Errors: corrupt (bad bytes; never a crash, never an allocation larger than the input explains).
#include "core/delta.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace takt {

constexpr std::uint8_t record_format_version = 1;

std::string encode_record(const CustomerRecord& record);
Result<CustomerRecord> decode_record(std::string_view bytes);

std::string encode_journal_entry(const JournalEntry& entry);
Result<JournalEntry> decode_journal_entry(std::string_view bytes);

} // namespace takt
