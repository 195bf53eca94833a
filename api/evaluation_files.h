#pragma once
/// The CSV files of `takt evaluate` and `takt evaluate-sessions` (contract §2) as training data and cases. Items are numbered by id, in
/// byte order, so that equal scores rank by id. Errors: those of CsvReader, with the line. Threads: one. Memory: ~100 bytes per training row.
#include "core/result.h"
#include "engine/relevance/training_data.h"

#include <string>

namespace takt {

struct EvaluationFiles {
  TrainingData train;
  std::vector<EvaluationCase> cases;
  std::vector<std::string> item_ids; ///< by index
};

/// customer_id,item_id[,timestamp[,event]]. Timestamps: RFC 3339, or whole seconds (from 10¹¹ on: milliseconds) since 1970.
/// An event says how much it proves (core/evidence.h); unknown names count as a look.
/// Customers of the test file without training rows have no case, nor have those whose items are all masked.
Result<EvaluationFiles> read_evaluation_files(const std::string& train, const std::string& test, bool keeps_seen);

/// session_id,item_id in time order, and prefix,target with the prefix's items separated by blanks. Nothing is masked: people look again.
Result<EvaluationFiles> read_session_files(const std::string& train, const std::string& test);

/// item_id,text into files.train: lower-case words of letters and digits (other scripts as they are). Items without training rows are skipped.
Status read_item_texts(const std::string& path, EvaluationFiles& files);

} // namespace takt
