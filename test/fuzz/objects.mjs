// What the fuzzer does with locks, events and their kin. Every wait ends by itself: whoever has what is
// waited for may be this very program.
import * as crossmem from 'crossmem';

const { Barrier, Condition, CountingSemaphore, Event, Mutex, RwLock, Semaphore } = crossmem;
const classes = { Mutex, RwLock, Semaphore, CountingSemaphore, Event, Condition, Barrier };

/** `prefix` is of this process's names; the rest makes arguments, as in fuzz.mjs. */
export function objectActions({ prefix, below, pick, maybe, signal, bytes, buffer, mappings }) {
  const kinds = Object.keys(classes);
  const names = kinds.map((kind) => `${prefix}-${kind}`);
  const objects = [];
  const guards = [];
  const keep = (list, item) => {
    if (list.length > 20) list.splice(below(20), 1)[0]?.release?.();
    if (item) list.push(item);
  };
  const made = () => ({
    permits: maybe(() => 1 + below(4))(),
    initial: maybe(() => below(4))(),
    parties: maybe(() => 1 + below(3))(),
    reset: maybe(() => pick(['manual', 'auto']))(),
  });
  const soon = () => ({ timeout: below(3) });
  const later = () => ({ timeout: below(3), signal: maybe(signal)() });
  const one = () => pick(objects);
  const some = () => pick([[one()], [one(), one()], [one(), one(), one()], [], [1]]);
  const keepAll = (got) => {
    for (const item of [got].flat()) {
      const guard = item?.guard ?? item;
      if (guard?.markConsistent !== undefined) keep(guards, guard);
    }
  };

  /** Verbs that wait for what an object is; each object has some of them. */
  const tries = ['tryLock', 'tryLockShared', 'tryLockUpgradeable', 'tryLockExclusive', 'tryWait'];
  const verbs = {
    ...Object.fromEntries(tries.map((verb) => [verb, () => []])),
    tryAcquire: () => [maybe(() => below(4))()],
    acquire: () => [maybe(() => below(4))(), later()],
    acquireSync: () => [maybe(() => below(4))(), soon()],
    set: () => [],
    reset: () => [],
    notify: () => [],
    notifyAll: () => [],
    release: () => [maybe(() => below(4))()],
    holder: () => [],
    holders: () => [],
    wanting: () => [maybe(() => pick(['shared', 'exclusive', 1]))()],
  };
  for (const verb of ['lock', 'lockShared', 'lockUpgradeable', 'lockExclusive', 'arrive', 'wait']) {
    verbs[verb] = () => [later()];
    verbs[`${verb}Sync`] = () => [soon()];
  }

  function use() {
    const object = one();
    if (object === undefined) return undefined;
    const verb = pick(Object.keys(verbs).filter((key) => typeof object[key] === 'function'));
    // A condition's wait ends when its mutex is got again, which nothing bounds: see below.
    if (object instanceof Condition && verb.startsWith('wait')) return undefined;
    const got = object[verb](...verbs[verb]());
    if (got instanceof Promise) return got.then(keepAll);
    if (!/^(holder|wanting)/.test(verb)) keepAll(got);
    return undefined;
  }

  /** With a mutex that nobody else waits for. */
  function waitForCondition() {
    const condition = Condition.open(`${prefix}-Condition`);
    const guard = Mutex.open(`${prefix}-alone`).tryLock();
    try {
      condition.waitSync(maybe(() => guard)(), soon());
    } finally {
      guard?.release();
    }
  }

  const open = () => {
    const i = below(kinds.length);
    keep(objects, classes[kinds[i]].open(maybe(() => names[i])(), made()));
  };

  const actions = [
    open,
    open,
    () => keep(objects, classes[pick(kinds)].at(maybe(() => pick(mappings))(), bytes(), made())),
    () => classes[pick(kinds)].unlink(maybe(() => pick(names))()),
    () => pick([Semaphore, Barrier]).size(maybe(() => below(5))()),
    ...Array(6).fill(use),
    waitForCondition,
    () => below(5) === 0 && one()?.close(),
    () => [one()?.name, one()?.waiters, one()?.permits, one()?.value, one()?.isSet],
    () => pick(guards)?.release(),
    () => pick(guards)?.markConsistent(),
    () => pick(guards)?.tryUpgrade?.(),
    () => pick(guards)?.upgradeSync?.(soon()),
    () => pick(guards)?.upgrade?.(later()),
    () => pick(guards)?.downgrade?.(maybe(() => pick(['shared', 'upgradeable']))()),
    () => keepAll(crossmem.waitAnySync(some(), soon())),
    () => keepAll(crossmem.waitAllSync(some(), soon())),
    () => crossmem.waitAny(some(), later()).then(keepAll),
    () => crossmem.waitAll(some(), later()).then(keepAll),
    () =>
      crossmem.locks.request(
        `${prefix}-web`,
        pick([{ ifAvailable: true }, { steal: true }, { mode: 'shared', signal: signal() }]),
        maybe(() => () => buffer())(),
      ),
    () => crossmem.locks.query(),
  ];

  const endings = [
    ...names.map((name, i) => () => classes[kinds[i]].unlink(name)),
    () => Mutex.unlink(`${prefix}-alone`),
  ];
  return { actions, endings };
}
