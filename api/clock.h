#pragma once
/// The only real clock of the program. Threads: any.
#include "core/time.h"

namespace takt {

class SystemClock final : public Clock {
public:
  UtcTime utc_now() const override;
  SteadyTime steady_now() const override;
};

} // namespace takt
