// Messages of the error category, and how an Error composes its text.
#include "crossmem/error.h"

#include <utility>

namespace crossmem::inline v0 {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "crossmem"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::closed:
        return "the object is closed";
      case Errc::fault:
        return "a page of the mapping could not be reached";
      case Errc::no_external_buffers:
        return "the runtime does not allow external buffers";
      case Errc::unsupported:
        return "not supported here";
      case Errc::out_of_range:
        return "out of range";
      case Errc::invalid_argument:
        return "invalid argument";
      case Errc::cancelled:
        return "cancelled";
      case Errc::foreign:
        return "it belongs to another user";
      case Errc::corrupt:
        return "its contents are damaged or of another version";
    }
    return "unknown crossmem error";
  }
};

std::string compose(const std::string& syscall, const std::string& detail,
                    const std::string& path) {
  std::string text = syscall;
  if (!path.empty()) text += (text.empty() ? "'" : " '") + path + "'";
  if (!detail.empty()) text += (text.empty() ? "" : ": ") + detail;
  return text;
}

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

Error::Error(std::error_code code, std::string syscall, std::string detail, std::string path)
    : std::system_error(code, compose(syscall, detail, path)),
      syscall_(std::move(syscall)),
      detail_(std::move(detail)),
      path_(std::move(path)) {}

Error::Error(Errc code, std::string detail, std::string path)
    : Error(make_error_code(code), {}, std::move(detail), std::move(path)) {}

}  // namespace crossmem::inline v0
