#pragma once
/// The window of a cap as explanations and reports write it: "rolling 7d", "calendar month (Europe/Berlin)". Threads: any.
#include "core/cap.h"

#include <string>

namespace takt {

std::string window_text(const Window& window);

} // namespace takt
