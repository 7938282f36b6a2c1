/* Sleeping and waking at one mutex word: no wake is lost while nobody is killed, and whatever a
 * killed one owed to others, they go on. Models core/src/agent/waiting.cc (wait_in_thread),
 * mutex_word.cc (attempt, announce, withdraw, unlock) and domain.cc (dead). Checked by
 * scripts/models.mjs.
 *
 * The bound of a sleep is Promela's 'timeout': it ends a sleep only when nothing else in the system
 * can move. So a bound that is used tells of a wake that nobody gave. */
#define PROCESSES 3
/* Two small searches in place of one large: with a kill, or with more turns and a waiter who may
 * give up. */
#ifdef NO_KILL
#define KILLS 0
#define FIRST_ROUNDS 2
#else
#define KILLS 1
#define FIRST_ROUNDS 1
#endif
#define NOBODY 9

/* [2] waiters | [1:0] owner + 1. A process attaches once, so it needs no generation: 'ended' is the
 * generation that differs. */
#define WAITERS 4
#define OWNER 3
#define IS_FREE(w) (((w) & OWNER) == 0)
#define SLOT(w) (((w) & OWNER) - 1)

byte word;
bool cut[PROCESSES];
bool ended[PROCESSES];

/* The kernel: who sleeps, and on whose lifeline besides the word; whose threads are gone. */
bool asleep[PROCESSES];
byte watched[PROCESSES];
bool killed[PROCESSES];
bool gone[PROCESSES];

/* Sleeps with the short bound, which ends before any long one. */
#define SHORT(i) (asleep[i] && watched[i] == NOBODY)

/* What nobody in the program knows: who owes the others a wake, and how often a debtor has failed
 * to give it: by being killed, or because a new agent has ended the generation unseen. */
byte kills, bounds;
/* With -DSTRICT only, which finds more than the protocol promises: sleeps that a death prolongs up
 * to their bound although whoever was killed owed nothing. 'hidden' is no part of a state. */
#ifdef STRICT
bool owes[PROCESSES];
byte excuses;
#else
hidden byte owes[PROCESSES];
hidden byte excuses;
#endif

/* FUTEX_WAKE of one sleeper on the word, any of them; the new debtor is who has been woken. */
inline wake_one() {
  if
  :: d_step { asleep[0] -> asleep[0] = false; owes[0] = true; owes[me] = false }
  :: d_step { asleep[1] -> asleep[1] = false; owes[1] = true; owes[me] = false }
  :: d_step { asleep[2] -> asleep[2] = false; owes[2] = true; owes[me] = false }
  :: d_step { !asleep[0] && !asleep[1] && !asleep[2] -> owes[me] = false }
  fi
}

/* Domain::dead, thorough or after a cut. */
inline prove(o) {
  if
  :: ended[o] -> dead = true
  :: !ended[o] && !gone[o] -> dead = false
  :: d_step { !ended[o] && gone[o] -> ended[o] = true; owes[me] = true; dead = true };
     /* The finder wakes all: the kernel has woken only one. */
     d_step {
       if
       :: watched[0] == o -> asleep[0] = false
       :: else
       fi;
       if
       :: watched[1] == o -> asleep[1] = false
       :: else
       fi;
       if
       :: watched[2] == o -> asleep[2] = false
       :: else
       fi
     }
  fi
}

/* Gives up, maybe, if it is 'finite': its deadline has passed. */
proctype Process(byte me; byte rounds; bool finite) {
  byte seen, next, o;
  bool slept, passed, ending, dead;
  {
    slept = false;
attempt:
    seen = word;
    if
    :: IS_FREE(seen) -> next = (me + 1) | (seen & WAITERS)
    :: !IS_FREE(seen) ->
       o = SLOT(seen);
       if
       :: !slept && !ended[o] && !cut[o] -> goto busy
       :: else -> prove(o)
       fi;
       if
       :: !dead -> goto busy
       :: dead -> dead = false
       fi;
       next = (me + 1) | WAITERS
    fi;
#ifndef MUTANT_SLEPT_FORGETS
    /* Whoever has slept may not be the only one who did. */
    if
#ifdef MUTANT_HASTY_LAST_TRY
    :: slept && !passed -> next = next | WAITERS
#else
    :: slept -> next = next | WAITERS
#endif
    :: else
    fi;
#endif
    if
    :: d_step {
         word == seen ->
         word = next;
         owes[me] = false; /* Its unlocking wakes. */
         seen = 0; next = 0; o = 0
       };
       goto locked
    :: word != seen -> goto attempt
    fi;
busy:
    o = 0;
    if
    :: passed -> goto withdraw
    :: !passed
    fi;
    /* Announce. */
    seen = word;
#ifndef MUTANT_IGNORES_WAITERS
    do
    :: IS_FREE(seen) -> goto changed
    :: !IS_FREE(seen) ->
       if
       :: d_step { word == seen -> word = seen | WAITERS; seen = word }; break
       :: word != seen -> seen = word
       fi
    od;
#else
    if
    :: IS_FREE(seen) -> goto changed
    :: else
    fi;
#endif
    o = SLOT(seen);
    ending = false;
    if
    :: ended[o] -> goto changed
    :: !ended[o] && cut[o] ->
       prove(o);
       if
       :: dead -> dead = false; goto changed
       :: !dead -> ending = true
       fi
    :: !ended[o] && !cut[o]
    fi;
    /* The kernel compares, and queues, in one. */
    d_step {
      if
#ifdef MUTANT_SLEEPS_BLINDLY
      :: true ->
#else
      :: word == seen && (ending || !cut[o]) ->
#endif
         asleep[me] = true;
         watched[me] = (ending -> NOBODY : o);
         owes[me] = false
      :: else
      fi;
      o = 0; seen = 0
    };
    if
    :: !asleep[me]
    :: d_step { asleep[me] && finite -> asleep[me] = false; passed = true }
    :: atomic {
         timeout && (ending || !SHORT(0) && !SHORT(1) && !SHORT(2)) ->
         asleep[me] = false;
         if
         :: ending /* A short bound: nothing tells when the last thread has ended. */
         :: else ->
            bounds++;
            assert(kills > 0); /* No wake is ever lost by those who live, */
#ifdef STRICT
            assert(excuses > 0); /* nor by a death but of whoever owed one, */
#endif
            assert(bounds <= 2 * PROCESSES) /* and each bound gets somebody on. */
         fi
       }
    fi;
    watched[me] = NOBODY;
changed:
    skip;
    d_step { ending = false; o = 0; seen = 0; next = 0; slept = true };
    /* However it was woken, its deadline may have passed as well: a last try. */
    if
    :: finite -> passed = true
    :: !passed
    fi;
    goto attempt;
withdraw:
    seen = word;
#ifndef MUTANT_WITHDRAWS_SILENTLY
    do
    :: IS_FREE(seen) -> wake_one(); break
    :: !IS_FREE(seen) && (seen & WAITERS) -> break
    :: !IS_FREE(seen) && !(seen & WAITERS) ->
       if
       :: d_step { word == seen -> word = seen | WAITERS }; break
       :: word != seen -> seen = word
       fi
    od;
#endif
    skip;
    d_step {
#ifndef STRICT
      /* A wake by a lifeline that ends here is not passed on: the next look finds the death. */
      if
      :: owes[me] && kills > 0 -> excuses++
      :: else
      fi;
#endif
      owes[me] = false
    };
    goto done;
locked:
    seen = word;
    do
#ifdef MUTANT_UNLOCKS_BY_STORE
    :: d_step { true -> word = 0; owes[me] = (seen & WAITERS) != 0 }; break
#else
    :: d_step { word == seen -> word = 0; owes[me] = (seen & WAITERS) != 0 }; break
    :: word != seen -> seen = word
#endif
    od;
#ifndef MUTANT_UNLOCKS_SILENTLY
    if
    :: seen & WAITERS -> wake_one()
    :: else
    fi;
#endif
done:
    skip;
    d_step { slept = false; passed = false; seen = 0; next = 0; o = 0; rounds-- };
    if
    :: rounds > 0 -> goto attempt
    :: rounds == 0
    fi
  } unless { killed[me] }
}

proctype Kernel() {
  byte victim;
  do
  :: kills < KILLS ->
     if
     /* Where somebody is killed, all are alike: no need to try each. */
     :: d_step { !killed[0] -> victim = 0; killed[0] = true }
     :: break
     fi;
     d_step {
       kills++;
       asleep[victim] = false;
       watched[victim] = NOBODY;
       if
       :: owes[victim] -> excuses++; owes[victim] = false
       :: else
       fi
     };
     /* One of those who sleep on the lifeline is woken, and owes it to the others to look. */
     d_step { cut[victim] = true };
     if
     :: d_step { asleep[0] && watched[0] == victim -> asleep[0] = false; owes[0] = true }
     :: d_step { asleep[1] && watched[1] == victim -> asleep[1] = false; owes[1] = true }
     :: d_step { asleep[2] && watched[2] == victim -> asleep[2] = false; owes[2] = true }
     :: else ->
        /* Sleepers watch the lifeline of who had it when they fell asleep. If the word has changed
         * hands since, nothing tells them of this death. */
        d_step {
          if
          :: (word & OWNER) == victim + 1 -> excuses++
          :: else
          fi
        }
     fi;
     gone[victim] = true;
     /* A new agent may take the slot: the generation ends, and nobody is woken. */
     if
     :: d_step { !ended[victim] -> ended[victim] = true; excuses++ }
     :: true
     fi;
     victim = 0
  :: kills == KILLS -> break
  od
}

init {
  atomic {
    watched[0] = NOBODY;
    watched[1] = NOBODY;
    watched[2] = NOBODY;
    run Process(0, FIRST_ROUNDS, false);
    run Process(1, 1, false);
    if
#if defined(NO_KILL) || defined(STRICT)
    :: run Process(2, 1, true)
#endif
#ifndef NO_KILL
    :: run Process(2, 1, false) /* Without a kill too: the kernel may spare all. */
#endif
    fi;
    run Kernel()
  }
}
