// Messages that arrive by events: handed to whoever reads all of them, or awaits one.

export function makeArrivals() {
  let kept = [];
  /** Takes a message while somebody waits. */
  let taker;
  return {
    arrived(message) {
      if (taker === undefined) kept.push(message);
      else taker(message);
    },
    receive() {
      if (kept.length > 0) return Promise.resolve(kept.shift());
      return new Promise((resolve) => {
        taker = (message) => {
          taker = undefined;
          resolve(message);
        };
      });
    },
    /** Reads so many. */
    drain(read, times) {
      return new Promise((resolve) => {
        let left = times;
        const take = (message) => {
          read(message);
          left--;
          if (left > 0) return;
          taker = undefined;
          resolve();
        };
        const before = kept.slice(0, times);
        kept = kept.slice(times);
        for (const message of before) take(message);
        if (left > 0) taker = take;
      });
    },
  };
}
