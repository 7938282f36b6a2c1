/* One mutex word, those who lock it, change two variables under it and unlock, and are killed at any
 * step, recovering included. Models core/src/agent/mutex_word.cc (attempt, announce, unlock).
 * Checked by scripts/models.mjs.
 *
 * A sleep is perfect here: it ends when the word has changed or its owner can be proved dead. So
 * whoever waits for ever is an invalid end state. What real sleeps add is in wait.pml. Attaching to
 * the slot of somebody dead is one step here: agents.pml is why it may be. */
#define PROCESSES 3
#define KILLS 2
/* Two small searches in place of one large: three processes, or two with more lives and turns. */
#ifdef CROWD
#define THIRD 1
#define FIRST_ROUNDS 1
#define REBIRTHS 0
#else
#define THIRD 0 /* Nobody. */
#define FIRST_ROUNDS 2
#define REBIRTHS 2 /* How many of the slots are taken again when their owner is gone. */
#endif

/* [5] inconsistent | [4] waiters | [3:2] generation | [1:0] slot + 1 */
#define INCONSISTENT 32
#define WAITERS 16
#define OWNER 15
#define NAME(slot, generation) (((slot) + 1) | ((generation) << 2))
#define IS_FREE(w) (((w) & OWNER) == 0)
#define SLOT(w) (((w) & 3) - 1)
#define GENERATION(w) (((w) & OWNER) >> 2)

byte word;
byte generation[PROCESSES];
/* What the mutex guards: equal whenever it is whole. */
bit a, b;

/* Its lifeline is cut, its threads still run; until they are gone, which is when death can be
 * proved. */
bool dying[PROCESSES];
bool gone[PROCESSES];

/* What nobody in the program knows: who is inside, and whose word has been taken over. */
bool inside[PROCESSES];
bool stolen[16];

#ifdef MUTANT_STEAL_WHEN_CUT
#define PROVABLE(slot) (dying[slot] || gone[slot])
#else
#define PROVABLE(slot) gone[slot]
#endif
#ifdef MUTANT_SLOT_ONLY
#define ENDED(w) false
#else
#define ENDED(w) (generation[SLOT(w)] != GENERATION(w))
#endif

/* To be used in the step that makes it the owner. */
inline enter() {
  told = (next & INCONSISTENT) != 0;
  assert(!inside[0] && !inside[1] && !inside[2]);
  assert(a == b || told);
  if
  :: !IS_FREE(seen) ->
     /* One death is recovered from once: the name of the dead never comes back. */
     assert(!stolen[seen & OWNER]);
     stolen[seen & OWNER] = true
  :: else
  fi;
  inside[me] = true;
  word = next;
  seen = 0;
  next = 0
}

inline lock() {
  told = false;
again:
  seen = word;
  do
  :: IS_FREE(seen) -> next = NAME(me, generation[me]) | (seen & (INCONSISTENT | WAITERS)); goto exchange
  :: !IS_FREE(seen) ->
     assert((seen & OWNER) != NAME(me, generation[me]));
     if
     :: ENDED(seen)
     :: !ENDED(seen) && !PROVABLE(SLOT(seen)) -> goto busy
     :: !ENDED(seen) && PROVABLE(SLOT(seen)) ->
        /* Whoever proves it ends the generation, once. */
        d_step {
          if
          :: !ENDED(seen) -> generation[SLOT(seen)]++
          :: else
          fi
        }
     fi;
#ifdef MUTANT_STEAL_SILENTLY
     next = NAME(me, generation[me]) | WAITERS | (seen & INCONSISTENT);
#else
     next = NAME(me, generation[me]) | INCONSISTENT | WAITERS;
#endif
exchange:
     if
#ifdef MUTANT_STEAL_BY_STORE
     :: d_step { word == seen || !IS_FREE(seen) -> enter() }; goto locked
     :: word != seen && IS_FREE(seen) -> seen = word
#else
     :: d_step { word == seen -> enter() }; goto locked
     :: word != seen -> seen = word
#endif
     fi
  od;
busy:
  /* Announces itself, by an exchange, and sleeps. */
  if
  :: d_step { word == seen -> word = seen | WAITERS; seen = word }
  :: word != seen -> goto again
  fi;
  (word != seen || ENDED(seen) || PROVABLE(SLOT(seen)));
  goto again;
locked:
  skip
}

inline unlock() {
  seen = word;
  do
  :: d_step {
       word == seen ->
       assert((word & OWNER) == NAME(me, generation[me]));
       inside[me] = false;
#ifdef MUTANT_UNLOCK_FORGETS
       word = 0;
#else
       word = (whole -> 0 : INCONSISTENT);
#endif
       seen = 0
     };
     break
  :: word != seen -> seen = word
  od
}

inline change() {
  a = 1 - a;
  b = a
}

/* Locks so many times, if it lives; once more in a next life. */
proctype Process(byte me; byte rounds) {
  byte births, seen, next;
  bool told, whole;
reborn:
  {
    do
    :: rounds > 0 ->
       rounds--;
       lock();
       whole = true;
       if
       :: told -> whole = false /* Leaves the repair to the next. */
       :: told -> b = a; change()
       :: !told -> change()
       fi;
       unlock();
       told = false
    :: rounds == 0 -> break
    od
  } unless { gone[me] };
  if
  :: d_step {
       gone[me] && me < REBIRTHS && births == 0 ->
       births++;
       rounds = 1;
       /* Another process takes the slot. */
       generation[me]++;
       gone[me] = false;
       dying[me] = false;
       seen = 0;
       next = 0;
       told = false;
       whole = false
     };
     goto reborn
  :: !gone[me] || me >= REBIRTHS || births > 0
  fi
}

/* Ends one after the other, whenever it likes. */
proctype Kernel() {
  byte kills, victim;
  do
  :: kills < KILLS ->
     kills++;
     if
     :: d_step { !dying[0] -> victim = 0; dying[0] = true }
     :: d_step { !dying[1] -> victim = 1; dying[1] = true }
     :: d_step { THIRD && !dying[2] -> victim = 2; dying[2] = true }
     :: break
     fi;
     d_step {
       gone[victim] = true;
       inside[victim] = false;
       victim = 0
     }
  :: kills == KILLS -> break
  od
}

init {
  atomic {
    run Process(0, FIRST_ROUNDS);
    run Process(1, 1);
    run Process(2, THIRD);
    run Kernel()
  }
}
