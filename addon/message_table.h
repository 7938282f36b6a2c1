// MessageTable: messages and values that one JavaScript environment has in its hands, by number.
#pragma once

#include <memory>
#include <variant>

#include "crossmem/latest.h"
#include "crossmem/queue.h"
#include "numbered.h"

namespace crossmem::addon {

using MessageTable =
    Numbered<std::variant<std::unique_ptr<Queue::Reservation>, std::unique_ptr<Queue::Lease>,
                          std::unique_ptr<Latest::Reservation>>>;

}  // namespace crossmem::addon
