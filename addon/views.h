// Views: the zero-copy ArrayBuffers of one mapping, and detaching them.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "crossmem/mapping.h"

namespace crossmem::addon {

/// On the environment's thread only, but for finalizers.
class Views {
 public:
  class Collected;

  Views() = default;
  ~Views() = default;
  Views(const Views&) = delete;
  Views& operator=(const Views&) = delete;

  /// An ArrayBuffer on this memory, which `pin` keeps. Throws `Errc::no_external_buffers`.
  Napi::Value array_buffer(Napi::Env env, std::byte* data, std::size_t length, Pin pin);
  /// The same as SharedArrayBuffer. Throws `Errc::unsupported` where the runtime has none.
  static Napi::Value shared_array_buffer(Napi::Env env, std::byte* data, std::size_t length,
                                         Pin pin);
  /// Every ArrayBuffer becomes empty and hands its pin to the environment's quarantine. One that
  /// was transferred away cannot be detached: it keeps its pin until it is collected.
  void detach_all(Napi::Env env);
  /// The views so far are another mapping's. They look after themselves.
  void forget() noexcept { set_.reset(); }

  /// What an environment has one of.
  static std::shared_ptr<Collected> make_collected();

 private:
  struct Set;
  struct View;
  static void finalize(napi_env env, void* data, void* hint);

  std::shared_ptr<Set> set_;  ///< Made with the first view.
};

}  // namespace crossmem::addon
