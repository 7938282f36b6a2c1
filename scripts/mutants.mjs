// Tests of the tests: breaks the protocol in one place at a time, and expects that the crash harness
// finds it. A mutant is one source file with one text replaced, linked in front of the library.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildPreset, fail, root, run } from './tools.mjs';

const build = join(root, 'build/release');
const folder = join(root, 'build/mutants');

/** What is broken, where, and which tests see it. */
const mutants = [
  {
    what: 'whoever replaces a dead owner is not told',
    file: 'agent/mutex_word.cc',
    from: 'next = me | kInconsistent | kWaiters;',
    to: 'next = me | kWaiters;',
    tests: '*AtEveryInstruction/mutex*',
  },
  {
    what: 'nobody replaces a dead owner',
    file: 'agent/mutex_word.cc',
    from: '} else if (object_.dead(seen, patience.inquiry)) {',
    to: '} else if (false) {',
    tests: '*AtEveryInstruction/mutex*',
  },
  {
    what: 'unlocking as inconsistent tells nobody',
    file: 'agent/mutex_word.cc',
    from: '(whole ? 0 : kInconsistent)',
    to: '(whole ? 0 : 0)',
    tests: '*AtEveryInstruction/mutex*',
  },
  {
    what: 'locking forgets that it was inconsistent',
    file: 'agent/mutex_word.cc',
    from: 'patience.waits ? kInconsistent | kWaiters :',
    to: 'patience.waits ? kWaiters :',
    tests: '*AtEveryInstruction/mutex*',
  },
  {
    what: 'readers are not told of a dead writer',
    file: 'agent/rw_words.cc',
    from: 'const Word left = kInconsistent | (seen & kWaiters);',
    to: 'const Word left = seen & (kInconsistent | kWaiters);',
    tests: '*AtEveryInstruction/reader*',
  },
  {
    what: 'writers wait for dead readers',
    file: 'agent/rw_words.cc',
    from: 'if (owner_of(seen) == me || !object_.dead(low(seen), patience.inquiry)) return false;',
    to: 'return false;',
    tests: '*AtEveryInstruction/reader*',
  },
  {
    what: 'permits of the dead are lost',
    file: 'semaphore.cc',
    from: 'return owner == 0 || object.dead(owner, inquiry);',
    to: 'return owner == 0;',
    tests: '*AtEveryInstruction/semaphore*',
  },
  {
    what: 'a generation ends by a store of what was seen',
    file: 'agent/domain.cc',
    from: 'generation + 1,',
    to: 'generation,',
    tests: '*AtEveryInstruction/agent*',
    equivalent:
      'the lock of the kernel alone proves every death; the generation only spares asking it, and covers the row when it is used again, which the model `agents` checks',
  },
  {
    what: 'requests of the dead stay in the lock manager',
    file: 'agent/lock_table.cc',
    from: 'const bool dead = object_.dead(owner, inquiry);',
    to: 'const bool dead = false;',
    tests: '*AtEveryInstruction/lock_manager*',
  },
  {
    what: 'a message is seen before it is written',
    file: 'queue.cc',
    from: 'fill(state, room, message, tag);\n    state.ring.publish(room.end);',
    to: 'state.ring.put(room, 0, 0, tag); state.ring.publish(room.end); fill(state, room, message, tag);',
    tests: '*AtEveryInstruction/queue*',
  },
  {
    what: 'a reserved message names nobody',
    file: 'queue_handles.cc',
    from: 'detail::state_of(Phase::claimed, me)',
    to: 'detail::state_of(Phase::claimed)',
    tests: '*AtEveryInstruction/queue__reserve*',
  },
  {
    what: 'a reserved message is ready at once',
    file: 'queue_handles.cc',
    from: 'detail::state_of(Phase::claimed, me)',
    to: 'detail::state_of(Phase::ready)',
    tests: '*AtEveryInstruction/queue__reserve*',
  },
  {
    what: 'a leased message names nobody',
    file: 'ring/queue_state.cc',
    from: 'state_of(Phase::taken, me)',
    to: 'state_of(Phase::taken)',
    tests: '*AtEveryInstruction/queue__lease*',
  },
  {
    what: 'messages of the dead stay in their hands',
    file: 'ring/queue_state.cc',
    from: 'header.owner != 0 && object->dead(header.owner, inquiry)',
    to: 'false',
    tests: '*AtEveryInstruction/queue__lease*',
  },
  {
    what: 'what is leased is gone at once',
    file: 'ring/queue_state.cc',
    from: 'record.state.store(state_of(Phase::taken, me), std::memory_order_release);',
    to: 'record.state.store(state_of(Phase::gone), std::memory_order_release);',
    tests: '*AtEveryInstruction/queue__lease*',
  },
  {
    what: 'nobody counts anew what a dead publisher was counting',
    file: 'topic.cc',
    from: 'bool look(Word /*me*/, const detail::Patience& patience, bool repair) override {\n    if (repair) state().repair();',
    to: 'bool look(Word /*me*/, const detail::Patience& patience, bool) override {',
    tests: '*AtEveryInstruction/topic*',
  },
  {
    what: 'dead subscribers hold publishers up',
    file: 'ring/topic_state.cc',
    from: 'if (object->dead(owner, inquiry)) {',
    to: 'if (false) {',
    tests: '*AtEveryInstruction/topic__subscribe*',
  },
  {
    what: 'a message is published before it is written',
    file: 'topic.cc',
    from: 'state.fill(room, message, tag);\n    state.ring.publish(room.end);',
    to: 'state.ring.put(room, 0, 4, tag); state.ring.publish(room.end); state.fill(room, message, tag);',
    tests: '*AtEveryInstruction/topic__publish*',
  },
  {
    what: 'a value is the newest before it is written',
    file: 'latest/latest_state.cc',
    from: 'racing_write(bytes(version, length).data(), value);\n  publish(version);',
    to: 'publish(version); racing_write(bytes(version, length).data(), value);',
    tests: '*AtEveryInstruction/latest__set*',
  },
  {
    what: 'a place is marked after it was overwritten',
    file: 'latest/latest_state.cc',
    from: 'const std::uint64_t version = begin(length, tag);\n  racing_write(bytes(version, length).data(), value);',
    to: 'const std::uint64_t version = newest() + 1; racing_write(bytes(version, length).data(), value); begin(length, tag);',
    tests: '*AtEveryInstruction/latest__set*',
  },
  {
    what: 'a reserved value is the newest at once',
    file: 'latest.cc',
    from: 'const std::uint64_t version = state.begin(checked, tag);',
    to: 'const std::uint64_t version = state.begin(checked, tag); state.publish(version);',
    tests: '*AtEveryInstruction/latest__reserve*',
  },
];

/** The commands that the build used, for one source and for the program. */
function commandsOf(target) {
  return run('ninja', ['-C', build, '-t', 'commands', target], { stdio: 'pipe' })
    .trim()
    .split('\n');
}

function shell(command) {
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: build, encoding: 'utf8' });
  if (status !== 0) fail(`${command}\n${stderr}`);
}

function make({ file, from, to }, number, commands) {
  const source = readFileSync(join(root, 'core/src', file), 'utf8');
  if (source.split(from).length !== 2) fail(`${file} has not once: ${from}`);
  const changed = join(folder, `${number}-${basename(file)}`);
  writeFileSync(changed, source.replace(from, to));
  const compile = commands.find((line) => line.endsWith(`/core/src/${file}`));
  const object = `${changed}.o`;
  shell(compile.replace(/ -MD.*/, ` -Wno-error -o ${object} -c ${changed}`));
  const program = join(folder, `mutant-${number}`);
  const link = commands
    .at(-1)
    .replace(/^: && /, '')
    .replace(/ && :$/, '');
  shell(link.replace(/ -o \S+ /, ` -o ${program} ${object} `));
  return program;
}

/** True if the tests failed, or never ended. */
function isCaught(program, tests) {
  const { status } = spawnSync(program, [`--gtest_filter=${tests}`, '--gtest_fail_fast'], {
    stdio: 'ignore',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, CROSSMEM_DOMAIN: 'mutants' },
  });
  return status !== 0;
}

buildPreset('release', { target: 'crossmem_crash' });
mkdirSync(folder, { recursive: true });
const commands = commandsOf('crossmem_crash');
let good = true;
for (const [number, mutant] of mutants.entries()) {
  const caught = isCaught(make(mutant, number, commands), mutant.tests);
  const expected = mutant.equivalent === undefined;
  console.log(`mutant: ${mutant.what}: ${caught ? 'caught' : 'not caught'}`);
  if (!expected) console.log(`  equivalent: ${mutant.equivalent}`);
  good = good && caught === expected;
}
if (!good) fail('The harness does not see what it should.');
