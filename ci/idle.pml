/* The idle protocol of runtime/scheduler/idle.rs and worker.rs, for WORKERS workers and one thread from outside that pushes
 * TASKS tasks into the injector. Each step is one atomic operation of the code, on one order of all memory: that fences make
 * it so is what the loom models show. What is shown here is what they cannot: whatever the schedule, what waits is run.
 *
 *   ltl: [] (waits -> <> ran)   with weak fairness: no thread that could go on stands still for ever.
 *
 * Mutants, each of which must break it (ci/spin.sh):
 *   NO_LAST_LOOK    a worker sleeps without looking at the queue once more after it has counted itself as parked
 *   SILENT_LAST     the last searcher does not announce what it sees
 *   NO_ANNOUNCE     a push is not announced
 *
 * A task may be stuck in its poll until all others have run (STUCK): then what a searcher left unannounced is lost.
 */
#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef TASKS
#define TASKS 3
#endif

byte queue = 0;      /* what waits in the injector */
byte running = 0;    /* tasks that are in their poll */
byte ended = 0;       /* tasks that have run */
byte pushed = 0;
byte searching = 0;  /* the idle word */
byte parked = 0;
bool listed[WORKERS];   /* the list of sleepers */
bool token[WORKERS];    /* the gate's notification */
bool lock = false;      /* of the list */

#define waits (queue > 0)
#define ran (queue == 0)

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }

/* Idle::worker_to_wake and Shared::unpark. */
inline announce(chosen, candidate) {
    if
    :: searching > 0 || parked == 0 -> skip
    :: else ->
        acquire();
        chosen = WORKERS;
        if
        :: searching > 0 -> skip
        :: else ->
            candidate = 0;
            do
            :: candidate < WORKERS && listed[candidate] -> chosen = candidate; break
            :: candidate < WORKERS && !listed[candidate] -> candidate++
            :: candidate == WORKERS -> break
            od;
            if
            :: chosen < WORKERS ->
                listed[chosen] = false;
                atomic { parked--; searching++ }
            :: else -> skip
            fi
        fi;
        release();
        if
        :: chosen < WORKERS -> token[chosen] = true
        :: else -> skip
        fi;
        chosen = 0; candidate = 0
    fi
}

active proctype Outside() {
    byte chosen = 0, candidate = 0;
    do
    :: pushed < TASKS ->
        atomic { queue++; pushed++ };
#ifndef NO_ANNOUNCE
        announce(chosen, candidate)
#endif
    :: else -> break
    od
}

active [WORKERS] proctype Worker() {
    byte me = _pid - 1;
    byte chosen = 0, candidate = 0;
    bool is_searching = false, found = false;
end:
    do
    ::  /* Idle::try_search: at most half of the workers. */
        if
        :: !is_searching && 2 * searching < WORKERS -> atomic { searching++; is_searching = true }
        :: else -> skip
        fi;
        /* Injector::pop. */
        atomic {
            if
            :: queue > 0 -> queue--; running++; found = true
            :: else -> found = false
            fi
        };
        if
        :: found ->
            /* Worker::stop_searching. */
            if
            :: is_searching ->
                is_searching = false;
                found = false;
                atomic {
                    assert(searching > 0);
                    found = (searching == 1);
                    searching--
                };
#ifndef SILENT_LAST
                if
                :: found && queue > 0 -> announce(chosen, candidate)
                :: else -> skip
                fi
#endif
            :: else -> skip
            fi;
            found = false;
            /* The poll. The first task is stuck until all others ran. */
#ifdef STUCK
            if
            :: running == 1 && ended == 0 && me == 0 -> (queue == 0 && pushed == TASKS)
            :: else -> skip
            fi;
#endif
            atomic { running--; ended++ }
        :: else ->
            /* Idle::park. */
            acquire();
            listed[me] = true;
            atomic {
                parked++;
                if
                :: is_searching -> searching--; is_searching = false
                :: else -> skip
                fi
            };
            release();
#ifndef NO_LAST_LOOK
            if
            :: queue > 0 ->
                /* Idle::unpark_to_search. */
                acquire();
                if
                :: listed[me] -> listed[me] = false; atomic { parked--; searching++ }
                :: else -> skip
                fi;
                release();
                is_searching = true
            :: else ->
#endif
                /* The sleep, and Idle::unpark. A notification is consumed by the gate. */
sleep:          token[me] -> token[me] = false;
                acquire();
                if
                :: listed[me] -> listed[me] = false; parked--
                :: else -> is_searching = true
                fi;
                release()
#ifndef NO_LAST_LOOK
            fi
#endif
        fi
    od
}

ltl served { [] (waits -> <> ran) }
