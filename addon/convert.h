// Values from JavaScript to C++ and back. `lib` has checked types and ranges; nothing is decided
// here.
#pragma once

#include <napi.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/deadline.h"
#include "crossmem/mapped_file.h"
#include "crossmem/mapping.h"
#include "crossmem/seals.h"
#include "crossmem/shared_memory.h"

namespace crossmem::addon {

/// The arguments of a call, from `first` on.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info, std::size_t first = 0)
      : info_(info), first_(first) {}

  Napi::Env env() const { return info_.Env(); }
  Napi::Value at(std::size_t index) const { return info_[first_ + index]; }
  std::uint64_t number(std::size_t index) const;
  bool flag(std::size_t index) const { return at(index).ToBoolean(); }
  std::string text(std::size_t index) const { return at(index).As<Napi::String>(); }
  /// Two arguments: an offset, and a length or undefined.
  Range range(std::size_t index) const;
  /// A Uint8Array's memory.
  std::span<std::byte> bytes(std::size_t index) const;

 private:
  const Napi::CallbackInfo& info_;
  std::size_t first_;
};

Napi::Value to_number(Napi::Env env, std::uint64_t value);
/// A Uint8Array of its own, as JavaScript itself would have made it.
Napi::Value copy_of(Napi::Env env, std::span<const std::byte> bytes);
Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error);
/// Runs `body` on the environment's thread, with C++ errors as JavaScript ones.
template <typename Body>
Napi::Value guarded(const Napi::CallbackInfo& info, Body&& body) {
  try {
    return body(info.Env());
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception&) {
    throw Napi::Error(info.Env(), to_js_error(info.Env(), std::current_exception()));
  }
}

Napi::Value to_js(Napi::Env env, const Fault& fault);
Napi::Value to_js(Napi::Env env, const Residency& residency);
Napi::Value to_js(Napi::Env env, const SegmentStatus& status);
Napi::Value to_js(Napi::Env env, const std::vector<std::string>& texts);
Napi::Value to_js(Napi::Env env, const std::vector<Seal>& seals);

Napi::Value to_js(Napi::Env env, const Holder& holder);
/// Milliseconds, or undefined for never.
Deadline to_deadline(const Napi::Value& timeout);

Advice to_advice(const std::string& name);
Protection to_protection(const std::string& name);
std::vector<Seal> to_seals(const Napi::Value& names);

/// What was opened, with what only segments have.
struct Opened {
  Mapping mapping;
  bool created = false;
  Persist persist = Persist::manual;
};

/// What to open, as `lib` packs it: reading an object with a dozen properties costs more than
/// opening the file.
struct OpenRequest {
  /// What a source stands for: nothing, a path or a name, a descriptor.
  enum class Kind { file, segment, unnamed };

  std::variant<std::monostate, std::string, int> source;
  Kind kind = Kind::file;
  MappedFileOptions file;
  AnonymousOptions anonymous;
  SharedMemoryOptions segment;

  Opened open() const;
};
/// (source) with defaults for the rest, or (source or null, flags, mode, offset, length or
/// undefined, size or undefined, advice or undefined)
OpenRequest to_open_request(const Arguments& arguments);
/// The names and values of the bits in `flags`.
Napi::Value open_flags(Napi::Env env);

}  // namespace crossmem::addon
