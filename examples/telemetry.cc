// A C++ program that measures something and sends it to whoever listens: here to telemetry.mjs,
// which starts it with the queue's name and how often to measure.
#include <crossmem/queue.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <span>

namespace {

/// As `record({ time: 'float64', sensor: 'uint32', value: 'float32' })` of crossmem has it.
struct Sample {
  double time;
  std::uint32_t sensor;
  float value;
};

int measure(const char* name, unsigned long samples) {
  auto queue = crossmem::Queue::open(name, std::nullopt);
  for (std::uint32_t i = 0; i < samples; ++i) {
    const double time = i / 1000.0;
    const Sample sample{time, i % 4, static_cast<float>(std::sin(time))};
    // Waits while the queue is full.
    if (!queue.send(std::as_bytes(std::span(&sample, 1)))) return 1;
  }
  // An empty message: that was all.
  return queue.send({}) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "telemetry QUEUE SAMPLES\n";
    return 2;
  }
  try {
    return measure(arguments[1], std::strtoul(arguments[2], nullptr, 10));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
