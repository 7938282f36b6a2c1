// Tables of names, and one function a direction.
#include "convert.h"

#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include "crossmem/error.h"
#include "environment.h"

namespace crossmem::addon {
namespace {

const char* code_of(Errc code) {
  switch (code) {
    case Errc::closed:
      return "ERR_CROSSMEM_CLOSED";
    case Errc::fault:
      return "ERR_CROSSMEM_FAULT";
    case Errc::no_external_buffers:
      return "ERR_CROSSMEM_NO_EXTERNAL_BUFFERS";
    case Errc::unsupported:
      return "ERR_CROSSMEM_UNSUPPORTED";
    case Errc::out_of_range:
      return "ERR_OUT_OF_RANGE";
    case Errc::invalid_argument:
      return "ERR_INVALID_ARG_VALUE";
    case Errc::cancelled:
      return "ABORT_ERR";
    case Errc::foreign:
      return "ERR_CROSSMEM_FOREIGN";
    case Errc::corrupt:
      return "ERR_CROSSMEM_CORRUPT";
  }
  return "ERR_CROSSMEM_INTERNAL";
}

std::uint64_t to_uint64(const Napi::Value& value) {
  return static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value());
}

std::optional<std::uint64_t> to_optional(const Napi::Value& value) {
  if (value.IsUndefined()) return std::nullopt;
  return to_uint64(value);
}

Napi::Value optional_text(Napi::Env env, const std::string& text) {
  return text.empty() ? env.Undefined() : Napi::String::New(env, text).As<Napi::Value>();
}

/// Bits of an open request; `lib` gets them by name.
enum class Flag : std::uint32_t {
  readwrite = 1U << 0U,
  copy_on_write = 1U << 1U,
  create = 1U << 2U,
  exclusive = 1U << 3U,
  populate = 1U << 4U,
  huge_pages = 1U << 5U,
  lock = 1U << 6U,
  reserve = 1U << 7U,
  fault_guard = 1U << 8U,
  allow_beyond_end = 1U << 9U,
  keep_descriptor = 1U << 10U,
  segment = 1U << 11U,        ///< The source is a segment's name, or a descriptor handed over.
  unnamed = 1U << 12U,        ///< Memory to hand over.
  manual = 1U << 13U,         ///< `Persist::manual`.
  allow_foreign = 1U << 14U,  ///< Another user's segment too.
};

constexpr std::array<std::pair<const char*, Flag>, 15> kFlags = {{
    {"readwrite", Flag::readwrite},
    {"private", Flag::copy_on_write},
    {"create", Flag::create},
    {"exclusive", Flag::exclusive},
    {"populate", Flag::populate},
    {"hugePages", Flag::huge_pages},
    {"lock", Flag::lock},
    {"reserve", Flag::reserve},
    {"faultGuard", Flag::fault_guard},
    {"allowBeyondEnd", Flag::allow_beyond_end},
    {"keepDescriptor", Flag::keep_descriptor},
    {"segment", Flag::segment},
    {"unnamed", Flag::unnamed},
    {"manual", Flag::manual},
    {"allowForeign", Flag::allow_foreign},
}};

constexpr std::array<std::pair<const char*, Seal>, 6> kSeals = {{
    {"seal", Seal::seal},
    {"shrink", Seal::shrink},
    {"grow", Seal::grow},
    {"write", Seal::write},
    {"future-write", Seal::future_write},
    {"exec", Seal::exec},
}};

Opened opened(SharedMemory memory) {
  const bool created = memory.created();
  const Persist persist = memory.persist();
  return {std::move(memory), created, persist};
}

}  // namespace

std::uint64_t Arguments::number(std::size_t index) const { return to_uint64(at(index)); }

Range Arguments::range(std::size_t index) const {
  return {number(index), to_optional(at(index + 1))};
}

std::span<std::byte> Arguments::bytes(std::size_t index) const {
  // By hand: Napi::Uint8Array refuses arrays on a SharedArrayBuffer.
  void* data = nullptr;
  std::size_t length = 0;
  if (napi_get_typedarray_info(env(), at(index), nullptr, &length, &data, nullptr, nullptr) !=
      napi_ok)
    throw Napi::TypeError::New(env(), "a Uint8Array is needed");
  return {static_cast<std::byte*>(data), length};
}

Napi::Value copy_of(Napi::Env env, std::span<const std::byte> bytes) {
  Napi::Uint8Array copy = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(copy.Data(), bytes.data(), bytes.size());
  return copy;
}

Napi::Value to_number(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error) {
  const auto make = [env](const Napi::Value& code, const std::string& syscall,
                          const std::string& path, const std::string& detail,
                          const Napi::Value& native) {
    return Environment::of(env).make_error.Call({code, optional_text(env, syscall),
                                                 optional_text(env, path),
                                                 optional_text(env, detail), native});
  };
  try {
    std::rethrow_exception(error);
  } catch (const Error& failure) {
    const std::error_code code = failure.code();
    if (code.category() == error_category())
      return make(Napi::String::New(env, code_of(static_cast<Errc>(code.value()))),
                  failure.syscall(), failure.path(), failure.detail(), env.Undefined());
    const int number = code.default_error_condition().value();
    if (code.category() == std::generic_category() || code.category() == std::system_category())
      return make(Napi::Number::New(env, number), failure.syscall(), failure.path(),
                  failure.detail(), env.Undefined());
    const std::string detail =
        code.message() + (failure.detail().empty() ? "" : "; " + failure.detail());
    return make(Napi::Number::New(env, number), failure.syscall(), failure.path(), detail,
                Napi::Number::New(env, code.value()));
  } catch (const std::bad_alloc&) {
    return make(Napi::Number::New(env, static_cast<int>(std::errc::not_enough_memory)), "malloc",
                {}, {}, env.Undefined());
  } catch (const std::exception& failure) {
    return make(Napi::String::New(env, "ERR_CROSSMEM_INTERNAL"), {}, {}, failure.what(),
                env.Undefined());
  }
}

Napi::Value to_js(Napi::Env env, const Fault& fault) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", std::string(to_string(fault.kind)));
  object.Set("offset", to_number(env, fault.offset));
  object.Set("length", to_number(env, fault.length));
  object.Set("count", to_number(env, fault.count));
  return object;
}

Napi::Value to_js(Napi::Env env, const Residency& residency) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pageSize", to_number(env, residency.page_size));
  object.Set("pages", to_number(env, residency.pages));
  object.Set("resident", to_number(env, residency.resident));
  Napi::Uint8Array bitmap = Napi::Uint8Array::New(env, residency.bitmap.size());
  if (!residency.bitmap.empty())
    std::memcpy(bitmap.Data(), residency.bitmap.data(), residency.bitmap.size());
  object.Set("bitmap", bitmap);
  return object;
}

Napi::Value to_js(Napi::Env env, const SegmentStatus& status) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", status.name);
  object.Set("size", to_number(env, status.size));
  object.Set("mode", to_number(env, status.mode));
  object.Set("uid", to_number(env, status.owner));
  object.Set("persist", status.persist == Persist::manual ? "manual" : "last-close");
  if (status.attached) object.Set("attached", *status.attached);
  return object;
}

Napi::Value to_js(Napi::Env env, const std::vector<std::string>& texts) {
  const Napi::Array array = Napi::Array::New(env);
  for (const std::string& text : texts) array.Set(array.Length(), text);
  return array;
}

Napi::Value to_js(Napi::Env env, const std::vector<Seal>& seals) {
  const Napi::Array array = Napi::Array::New(env);
  for (const Seal seal : seals)
    for (const auto& [name, known] : kSeals)
      if (known == seal) array.Set(array.Length(), std::string(name));
  return array;
}

std::vector<Seal> to_seals(const Napi::Value& names) {
  const auto array = names.As<Napi::Array>();
  std::vector<Seal> seals;
  for (std::uint32_t i = 0; i < array.Length(); ++i)
    for (const auto& [name, seal] : kSeals)
      if (array.Get(i).As<Napi::String>().Utf8Value() == name) seals.push_back(seal);
  return seals;
}

Napi::Value to_js(Napi::Env env, const Holder& holder) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", Napi::Number::New(env, holder.agent.pid));
  object.Set("program", holder.agent.program);
  object.Set("started", to_number(env, holder.agent.started));
  object.Set("dead", holder.dead);
  if (holder.since) object.Set("since", to_number(env, *holder.since));
  return object;
}

Deadline to_deadline(const Napi::Value& timeout) {
  if (timeout.IsUndefined()) return Deadline::never();
  const std::chrono::duration<double, std::milli> span(timeout.As<Napi::Number>().DoubleValue());
  constexpr std::chrono::hours kLongest(24 * 365 * 100);
  if (span >= kLongest) return Deadline::never();
  return Deadline::after(std::chrono::ceil<std::chrono::nanoseconds>(span));
}

Advice to_advice(const std::string& name) {
  const auto advice = advice_from_string(name);
  if (!advice) throw Error(Errc::invalid_argument, "unknown hint '" + name + "'");
  return *advice;
}

Protection to_protection(const std::string& name) {
  if (name == "none") return Protection::none;
  if (name == "readwrite") return Protection::readwrite;
  if (name == "read-execute") return Protection::read_execute;
  if (name == "readwrite-execute") return Protection::readwrite_execute;
  return Protection::read;
}

Opened OpenRequest::open() const {
  if (kind == Kind::unnamed) return opened(SharedMemory::anonymous(segment));
  const auto* const text = std::get_if<std::string>(&source);
  const int* const descriptor = std::get_if<int>(&source);
  if (kind == Kind::segment && text != nullptr) {
    if (file.create == Create::never) return opened(SharedMemory::open(*text, segment));
    return opened(file.create == Create::exclusive ? SharedMemory::create(*text, segment)
                                                   : SharedMemory::open_or_create(*text, segment));
  }
  if (kind == Kind::segment) return opened(SharedMemory::from_descriptor(*descriptor, segment));
  if (text != nullptr) return {MappedFile::open(*text, file)};
  if (descriptor != nullptr) return {MappedFile::open(*descriptor, file)};
  return {Mapping::anonymous(file.size.value_or(0), anonymous)};
}

OpenRequest to_open_request(const Arguments& arguments) {
  OpenRequest request;
  const napi_valuetype source = arguments.at(0).Type();
  if (source == napi_string) request.source = arguments.text(0);
  if (source == napi_number) request.source = arguments.at(0).As<Napi::Number>().Int32Value();
  if (arguments.at(1).IsUndefined()) return request;
  const std::uint64_t flags = arguments.number(1);
  const auto has = [flags](Flag flag) { return (flags & static_cast<std::uint64_t>(flag)) != 0; };
  MappedFileOptions& file = request.file;
  if (has(Flag::readwrite)) file.access = Access::readwrite;
  if (has(Flag::copy_on_write)) file.access = Access::copy;
  if (has(Flag::create)) file.create = Create::if_needed;
  if (has(Flag::exclusive)) file.create = Create::exclusive;
  file.mode = static_cast<unsigned>(arguments.number(2));
  file.offset = arguments.number(3);
  file.length = to_optional(arguments.at(4));
  file.size = to_optional(arguments.at(5));
  if (!arguments.at(6).IsUndefined()) file.advice = to_advice(arguments.text(6));
  file.allow_beyond_end = has(Flag::allow_beyond_end);
  file.keep_descriptor = has(Flag::keep_descriptor);
  request.anonymous = {
      .populate = has(Flag::populate),
      .huge_pages = has(Flag::huge_pages),
      .lock = has(Flag::lock),
      .reserve = has(Flag::reserve),
      .fault_guard = has(Flag::fault_guard),
  };
  file.populate = request.anonymous.populate;
  file.huge_pages = request.anonymous.huge_pages;
  file.lock = request.anonymous.lock;
  file.fault_guard = request.anonymous.fault_guard;
  if (has(Flag::segment)) request.kind = OpenRequest::Kind::segment;
  if (has(Flag::unnamed)) request.kind = OpenRequest::Kind::unnamed;
  request.segment = {
      .access = file.access,
      .size = file.size,
      .mode = file.mode,
      .persist = has(Flag::manual) ? Persist::manual : Persist::last_close,
      .allow_foreign = has(Flag::allow_foreign),
      .populate = file.populate,
      .huge_pages = file.huge_pages,
      .lock = file.lock,
      .advice = file.advice,
      .fault_guard = file.fault_guard,
  };
  return request;
}

Napi::Value open_flags(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, flag] : kFlags) object.Set(name, static_cast<double>(flag));
  return object;
}

}  // namespace crossmem::addon
