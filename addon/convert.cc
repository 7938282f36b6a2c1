// Tables of names, and one function a direction.
#include "convert.h"

#include <cstring>

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

Access to_access(const std::string& name) {
  if (name == "readwrite") return Access::readwrite;
  return name == "private" ? Access::copy : Access::read;
}

Create to_create(const std::string& name) {
  if (name == "exclusive") return Create::exclusive;
  return name == "if-needed" ? Create::if_needed : Create::never;
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

Napi::Value to_number(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error) {
  const auto make = [env](const Napi::Value& code, const std::string& syscall,
                          const std::string& path, const std::string& detail) {
    return Environment::of(env).make_error.Call(
        {code, optional_text(env, syscall), optional_text(env, path), optional_text(env, detail)});
  };
  try {
    std::rethrow_exception(error);
  } catch (const Error& failure) {
    const Napi::Value code =
        failure.code().category() == error_category()
            ? Napi::String::New(env, code_of(static_cast<Errc>(failure.code().value())))
                  .As<Napi::Value>()
            : Napi::Number::New(env, failure.code().value());
    return make(code, failure.syscall(), failure.path(), failure.detail());
  } catch (const std::bad_alloc&) {
    return make(Napi::Number::New(env, static_cast<int>(std::errc::not_enough_memory)), "malloc",
                {}, {});
  } catch (const std::exception& failure) {
    return make(Napi::String::New(env, "ERR_CROSSMEM_INTERNAL"), {}, {}, failure.what());
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

MappedFileOptions to_file_options(const Napi::Object& options) {
  MappedFileOptions result;
  result.access = to_access(options.Get("access").ToString());
  result.offset = to_uint64(options.Get("offset"));
  result.length = to_optional(options.Get("length"));
  result.create = to_create(options.Get("create").ToString());
  result.size = to_optional(options.Get("size"));
  result.mode = options.Get("mode").ToNumber();
  result.populate = options.Get("populate").ToBoolean();
  result.huge_pages = options.Get("hugePages").ToBoolean();
  result.lock = options.Get("lock").ToBoolean();
  if (!options.Get("advise").IsUndefined())
    result.advice = to_advice(options.Get("advise").ToString());
  result.fault_guard = options.Get("faultGuard").ToBoolean();
  result.allow_beyond_end = options.Get("allowBeyondEnd").ToBoolean();
  result.keep_descriptor = options.Get("keepDescriptor").ToBoolean();
  return result;
}

AnonymousOptions to_anonymous_options(const Napi::Object& options) {
  AnonymousOptions result;
  result.populate = options.Get("populate").ToBoolean();
  result.huge_pages = options.Get("hugePages").ToBoolean();
  result.lock = options.Get("lock").ToBoolean();
  result.reserve = options.Get("reserve").ToBoolean();
  result.fault_guard = options.Get("faultGuard").ToBoolean();
  return result;
}

}  // namespace crossmem::addon
