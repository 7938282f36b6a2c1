// Numbers in shared memory, for the third scene: each a function that reads, or writes what it is
// given.
const names = ['first', 'second', 'deaths'];

export function counters(memory) {
  const values = new Float64Array(memory.arrayBuffer, 0, names.length);
  const all = names.map((name, i) => [
    name,
    (value) => {
      if (value !== undefined) values[i] = value;
      return values[i];
    },
  ]);
  return Object.fromEntries(all);
}
