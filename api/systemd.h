#pragma once
/// Tells systemd (Type=notify) how far the process is: the datagram that sd_notify(3) sends, without its library. Threads: any.
#include <string_view>

namespace takt {

/// "READY=1", "STOPPING=1". Does nothing where nobody asked to be told ($NOTIFY_SOCKET).
void tell_systemd(std::string_view state);

} // namespace takt
