// The one exception type of the library, and the codes that are ours.
#pragma once

#include <string>
#include <system_error>

namespace crossmem::inline v0 {

/// Conditions that no operating system error number stands for.
enum class Errc {
  closed = 1,           ///< The object was closed; nothing can be done with it.
  fault,                ///< A page of the mapping could not be reached as asked.
  no_external_buffers,  ///< The runtime refuses zero-copy views (Electron).
  unsupported,          ///< This operating system or this object cannot do it.
  out_of_range,         ///< An offset or a length lies outside the mapping or the file.
  invalid_argument,     ///< An argument or a combination of options makes no sense.
  cancelled,            ///< The caller's `Cancelled` said yes.
  foreign,              ///< It belongs to another user, who could change it under our hands.
  corrupt,              ///< Its contents are not what crossmem of this version writes.
};

/// The category of `Errc`; its `name()` is "crossmem".
const std::error_category& error_category() noexcept;
/// What makes an `Errc` a `std::error_code`, and comparable with one.
std::error_code make_error_code(Errc code) noexcept;

/// What every function of crossmem throws.
///
/// `code()` is either an `Errc` or the system's: an errno, or on Windows a number of `GetLastError`
/// in the category "win32", whose conditions are errno's. So comparing it with `std::errc` holds
/// everywhere. `syscall()` names the failed call ("mmap"), `path()` the file where there is one,
/// `detail()` says what was asked, what was found and what to do. Each may be empty.
///
/// `what()` is all of that in one line. Beside it come only `std::bad_alloc`, `std::system_error`
/// (EAGAIN) where a thread of the library cannot be started, and what the caller's own functions
/// throw.
class Error : public std::system_error {
 public:
  /// Of the system.
  explicit Error(std::error_code code, std::string syscall = {}, std::string detail = {},
                 std::string path = {});
  /// Of crossmem itself.
  explicit Error(Errc code, std::string detail, std::string path = {});

  /// The call of the system that failed.
  const std::string& syscall() const noexcept { return syscall_; }
  /// What was asked, what was found, what to do.
  const std::string& detail() const noexcept { return detail_; }
  /// The file, or the name of the segment or object.
  const std::string& path() const noexcept { return path_; }

 private:
  std::string syscall_;
  std::string detail_;
  std::string path_;
};

}  // namespace crossmem::inline v0

template <>
struct std::is_error_code_enum<crossmem::Errc> : std::true_type {};
