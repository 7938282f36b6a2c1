/* Membership: one slot of the agents' table, those who attach to it, detach or are killed, and those
 * who ask whether one of them is dead. Models core/src/agent/agent.cc (try_claim, detach) and
 * domain.cc (dead). Checked by scripts/models.mjs.
 *
 * Every statement outside a d_step is one step, between any two of which everybody else may run and
 * the kernel may kill. A prover who is killed is one who is never scheduled again, which any search
 * of all interleavings contains; so only processes that attach are killed explicitly. */
#define PROCESSES 3
/* Two small searches in place of one large. */
#ifdef CROWD
#define THIRD 1
#define KILLS 2
#define FIRST_LIVES 1
#define PROVERS 1
#else
#define THIRD 0 /* Nobody. */
#define KILLS 1
#define FIRST_LIVES 2
#define PROVERS 2
#endif
#define QUERIES 1

#define NONE 0
#define CUT 99
/* Each attaching raises it once, and each end at most once. */
#define GENERATIONS 9

/* What is in shared memory, and the kernel's lock byte: 0, or who has it, plus 1. */
byte generation;
byte lifeline;
byte holder;

/* The kernel is about to end it. Its lifeline may be cut, but other threads may still run: */
bool dying[PROCESSES];
/* until here. Only then, and a step later, its files are closed. */
bool gone[PROCESSES];

/* What nobody in the program knows: who has owned an identity, whether it may still store, and
 * whether somebody has been told that it is dead. */
byte owner[GENERATIONS];
bool may_store[GENERATIONS];
bool proved[GENERATIONS];

inline tie() {
  lifeline = me + 1
}

inline raise() {
  before = generation;
  do
  :: d_step {
       generation == before ->
#ifdef MUTANT_ATTACH_KEEPS_GENERATION
       mine = before;
#else
       generation = before + 1;
       mine = before + 1;
#endif
       before = 0;
       assert(owner[mine] == 0); /* No identity is ever two's. */
       owner[mine] = me + 1;
       may_store[mine] = true;
       /* From the first moment the kernel finds the lifeline of whoever dies. After the kernel has
        * looked, a thread that still runs may tie in vain: thorough inquiries are for that. */
       assert(lifeline == me + 1 || dying[me])
     };
     break
  :: generation != before -> before = generation
  od
}

inline attach() {
  d_step { holder == NONE -> holder = me + 1 };
#ifdef MUTANT_TIE_LATE
  raise();
  tie()
#else
  tie();
  raise()
#endif
}

inline store() {
  assert(!proved[mine]);
  assert(lifeline == me + 1 || dying[me])
}

inline end_generation() {
  d_step {
    may_store[mine] = false; /* What calls detach stores no more in its name. */
    if
    :: generation == mine -> generation = mine + 1
    :: else
    fi
  }
}

inline release_byte() {
  d_step {
    if
    :: holder == me + 1 -> holder = NONE
    :: else
    fi
  }
}

inline detach() {
#ifdef MUTANT_DETACH_RELEASES_FIRST
  release_byte();
  end_generation();
  lifeline = NONE
#else
  end_generation();
  lifeline = NONE;
  release_byte()
#endif
}

/* A living process that could never attach would block there for ever: an invalid end state. */
/* Attaches so many times, if it lives. */
proctype Process(byte me; byte lives) {
  byte before, mine;
  {
    do
    :: lives > 0 ->
       lives--;
       attach();
       store();
       detach();
       mine = 0
    :: lives == 0 -> break
    od
  } unless { gone[me] }
}

/* Ends one after the other, whenever it likes. That its threads run on until they are gone is more
 * than the one store that could slip out. */
proctype Kernel() {
  byte kills, victim, i;
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
       if
       :: lifeline == victim + 1 -> lifeline = CUT /* Others' words are let be. */
       :: else
       fi
     };
     d_step {
       gone[victim] = true;
       i = 0;
       do
       :: i < GENERATIONS ->
          if
          :: owner[i] == victim + 1 -> may_store[i] = false
          :: else
          fi;
          i++
       :: else -> break
       od;
       i = 0
     };
     d_step {
       if
       :: holder == victim + 1 -> holder = NONE
       :: else
       fi;
       victim = 0
     }
  :: kills == KILLS -> break
  od
}

inline pick(g) {
  if
  :: owner[0] != 0 -> g = 0
  :: owner[1] != 0 -> g = 1
  :: owner[2] != 0 -> g = 2
  :: owner[3] != 0 -> g = 3
  :: owner[4] != 0 -> g = 4
  :: owner[5] != 0 -> g = 5
  :: owner[6] != 0 -> g = 6
  :: owner[7] != 0 -> g = 7
  :: owner[8] != 0 -> g = 8
  fi
}

/* Domain::dead of any identity that there has been. */
proctype Prover() {
  byte n, g;
  bool known, result;
  do
  :: n < QUERIES ->
     n++;
end_nobody: /* There may never have been anybody. */
     atomic {
       pick(g);
       known = proved[g]
     };
     result = false;
#ifdef MUTANT_BYTE_FIRST
     if
     :: holder != NONE -> goto answered
     :: holder == NONE
     fi;
#endif
     if
     :: generation != g -> result = true; goto answered
     :: generation == g
     fi;
     if
     :: lifeline != CUT -> goto answered /* Quick. */
     :: lifeline == CUT
#ifndef MUTANT_LIFELINE_ALONE
     :: true /* Thorough. */
#endif
     fi;
#if !defined(MUTANT_BYTE_FIRST) && !defined(MUTANT_LIFELINE_ALONE)
     if
     :: holder != NONE -> goto answered
     :: holder == NONE
     fi;
#endif
     d_step {
       if
#ifdef MUTANT_PROVE_BLINDLY
       :: true -> generation++
#else
       :: generation == g -> generation = g + 1
#endif
       :: else
       fi;
       result = true
     };
answered:
     skip;
     d_step {
       if
       :: result ->
          assert(!may_store[g]); /* Dead is only who can store no more. */
          proved[g] = true
       :: else ->
          assert(!known) /* Once true, true for ever and for everybody. */
       fi;
       known = false;
       result = false;
       g = 0
     }
  :: n == QUERIES -> break
  od
}

init {
  byte i;
  atomic {
    run Process(0, FIRST_LIVES);
    run Process(1, 1);
    run Process(2, THIRD);
    run Kernel();
    i = 0;
    do
    :: i < PROVERS -> run Prover(); i++
    :: i == PROVERS -> break
    od;
    i = 0
  }
}
