#include "api/json/deep_document.h"

#include "api/json/fields.h"

namespace takt {

namespace {

/// Walks brackets and quotes only: the first place that lies too deep, where the text ends as it should.
class DeepWalk {
public:
  explicit DeepWalk(std::string_view json) : json_(json) {}

  std::optional<std::string> run() {
    for (std::size_t at = 0; at < json_.size(); ++at) {
      const char c = json_[at];
      if (c == '"') {
        const std::size_t begin = at + 1;
        for (++at; at < json_.size() && json_[at] != '"'; ++at)
          if (json_[at] == '\\') ++at;
        if (at >= json_.size()) return std::nullopt;
        if (!path_.empty()) path_.back().key = json_.substr(begin, at - begin); // of a member, or a value that the next key replaces
      } else if (c == '{' || c == '[') {
        open(c == '{');
      } else if (c == '}' || c == ']') {
        if (!close(c == '}')) return std::nullopt;
      } else if (c == ',' && depth_ == path_.size() && !path_.empty()) {
        ++path_.back().element;
      }
    }
    return depth_ == 0 ? pointer_ : std::nullopt;
  }

private:
  struct Level { bool is_object = false; std::size_t element = 0; std::string_view key; };

  void open(bool is_object) {
    kinds_.push_back(is_object);
    ++depth_;
    if (depth_ <= limits::json_depth_max) path_.push_back({is_object, 0, {}});
    else if (!pointer_) pointer_ = pointer_here();
  }
  bool close(bool is_object) {
    if (kinds_.empty() || kinds_.back() != is_object) return false;
    kinds_.pop_back();
    if (depth_-- <= limits::json_depth_max) path_.pop_back();
    return true;
  }
  std::string pointer_here() const {
    std::string pointer;
    for (const Level& level : path_) pointer = level.is_object ? pointer_to(pointer, level.key) : pointer_to(pointer, level.element);
    return pointer;
  }

  std::string_view json_;
  std::vector<bool> kinds_;
  std::vector<Level> path_;                    ///< of the levels that are allowed
  std::size_t depth_ = 0;
  std::optional<std::string> pointer_;
};

} // namespace

Status parse_own_document(JsonDocument& document, std::string_view json) {
  Status parsed = document.parse(json);
  if (parsed || parsed.error().code != ErrorCode::malformed) return parsed;
  if (auto pointer = DeepWalk(json).run()) return fail_at(*std::move(pointer), "is nested deeper than " + std::to_string(limits::json_depth_max) + " levels");
  return parsed;
}

} // namespace takt
