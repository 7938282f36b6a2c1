// What a queue does without waiting, as functions.
#pragma once

#include <napi.h>

#include <memory>
#include <variant>

#include "crossmem/queue.h"
#include "numbered.h"

namespace crossmem::addon {

/// Messages that one JavaScript environment has in its hands, by number.
using MessageTable =
    Numbered<std::variant<std::unique_ptr<Queue::Reservation>, std::unique_ptr<Queue::Lease>>>;

void export_queues(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
