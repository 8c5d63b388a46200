"""The GPU lock's protocol as a model, explored in full: `python docs/gpu_lock_model.py`.

One device, three processes. Every interleaving of asks, lost wake-ups, lost answers, pauses, deaths, broken
connections, expiries, restarts of Redis and monitors with old views is visited, within the bounds below. Each Lua
script is one step, as it is in Redis; what happens between two scripts is what this is about. Checked in every state:

- at most one process believes that it holds the lock *and* is believed by Redis (its writes are accepted);
- a fence is given once, and each is larger than the last; no write is accepted under an older one;
- a late release, by its holder or by a monitor with an old view, leaves the next holder alone.

And over the whole graph: from every state, if faults stop and the living go on asking and letting go, every one of them
that waits gets the lock (liveness, as reachability), and the lock is free in the end.
"""

# ruff: noqa: INP001, S101, T201 - a script; a proof asserts, and prints its result

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

PROCESSES = (0, 1, 2)
BOUNDS = ((1, 3), (2, 2))
"""How often each process wants the lock, and how many faults of any kind there are in one history."""


class Process(NamedTuple):
    """What a process knows. `believes` is the fence of the lease it thinks it has."""

    phase: str = "idle"  # idle, waiting, holding, dead
    wants: int = 1
    connected: bool = True
    paused: bool = False
    woken: bool = False
    believes: int = 0
    placed: int = 0  # its arrival, as the answer to its first ask told; 0 before


class State(NamedTuple):
    """Redis and all processes."""

    processes: tuple[Process, ...] = (Process(),) * len(PROCESSES)
    line: tuple[tuple[int, int], ...] = ()  # (arrival, process), the next one first
    holder: int = -1
    fence: int = 0  # of the present lease
    confirmed: bool = False  # has the woken waiter asked
    last_fence: int = 0
    clock: int = 0  # arrivals so far
    suspect: bool = False
    reborn: bool = False  # Redis restarted since this lease was granted
    view: tuple[int, int] = (-1, 0)  # what a monitor has seen: holder and fence
    faults: int = 0

    def put(self, number: int, **changes: Any) -> "State":
        processes = list(self.processes)
        processes[number] = processes[number]._replace(**changes)
        return self._replace(processes=tuple(processes))

    def free(self) -> "State":
        return self._replace(holder=-1, fence=0, confirmed=False, suspect=False, reborn=False)


# ---- the scripts, each atomic ----


def hand_on(state: State, asker: int = -1) -> State:
    """Free the lock and give it to the first in line that listens, or asks; forget the others before it."""
    state = state.free()
    while state.line:
        (_, first), *rest = state.line
        state = state._replace(line=tuple(rest))
        if first == asker or state.processes[first].connected:
            fence = state.last_fence + 1
            state = state._replace(holder=first, fence=fence, last_fence=fence)
            return state.put(first, woken=True) if first != asker else state
    return state


def ask(state: State, number: int) -> tuple[State, int]:
    """Return the state and the fence that was answered, 0 for none."""
    me = state.processes[number]
    if state.holder == number:
        return state._replace(confirmed=True, suspect=False), state.fence
    in_line = next((arrival for arrival, other in state.line if other == number), 0)
    arrival = me.placed or in_line or state.clock + 1
    others = [place for place in state.line if place[1] != number]
    state = state._replace(line=tuple(sorted([*others, (arrival, number)])), clock=max(state.clock, arrival))
    if state.holder >= 0:
        state = look_at_holder(state)
    if state.holder < 0:
        state = hand_on(state, asker=number)
        if state.holder == number:
            return state._replace(confirmed=True), state.fence
    return state, 0


def look_at_holder(state: State) -> State:
    """Free the lock of a dead holder: not connected in this life of Redis, and silent since it was first suspected."""
    if state.processes[state.holder].connected or state.reborn:
        return state._replace(suspect=False)
    if state.suspect:  # the worst case: the grace is over before the living could renew
        return state.free()
    return state._replace(suspect=True)


def release(state: State, owner: int, fence: int) -> State:
    return hand_on(state) if (state.holder, state.fence) == (owner, fence) else state


def give_up(state: State, number: int) -> State:
    state = state._replace(line=tuple(place for place in state.line if place[1] != number))
    return hand_on(state) if state.holder == number else state


# ---- what may happen next ----


def steps(state: State) -> Iterator[tuple[str, State]]:
    """Yield what the living do by themselves, with no fault."""
    for number, me in enumerate(state.processes):
        if me.phase == "dead":
            continue
        if me.paused:
            yield f"{number} continues", state.put(number, paused=False)
            continue
        if not me.connected:
            yield f"{number} reconnects", state.put(number, connected=True, woken=True)
        if me.phase == "idle" and me.wants:
            yield f"{number} comes", state.put(number, phase="waiting", wants=me.wants - 1, woken=True)
        if me.phase == "waiting":  # woken or not: the poll makes the same step, only later
            after, fence = ask(state, number)
            yield f"{number} asks", apply_answer(after, number, fence)
        if me.phase == "holding":
            yield f"{number} releases", release(make_idle(state, number), number, me.believes)
            yield f"{number} renews", apply_renewal(state, number)
        if state.holder == number and me.phase == "idle":  # hears that it was granted what it does not want
            yield f"{number} refuses", give_up(state, number)
    gone = state.holder >= 0 and state.processes[state.holder].phase in {"dead", "idle"}
    if gone or (state.holder >= 0 and not state.confirmed):
        yield "time runs out", state.free()


def apply_answer(state: State, number: int, fence: int) -> State:
    if fence:
        return state.put(number, phase="holding", believes=fence, woken=False, placed=0)
    arrival = next((arrival for arrival, other in state.line if other == number), 0)
    return state.put(number, woken=False, placed=arrival)


def make_idle(state: State, number: int) -> State:
    return state.put(number, phase="idle", believes=0, woken=False, placed=0)


def apply_renewal(state: State, number: int) -> State:
    """A lease that is gone ends the hold; else no suspicion is left."""
    if (state.holder, state.fence) == (number, state.processes[number].believes):
        return state._replace(suspect=False)
    return make_idle(state, number)


def faults(state: State) -> Iterator[tuple[str, State]]:
    """Yield what may go wrong."""
    for number, me in enumerate(state.processes):
        if me.phase == "dead":
            continue
        yield f"{number} dies", state.put(number, phase="dead", connected=False, paused=False, woken=False, wants=0)
        if not me.paused:
            yield f"{number} is paused", state.put(number, paused=True)
        if me.connected:
            yield f"{number} loses its connection", state.put(number, connected=False)
        if me.woken:
            yield f"{number} loses a wake-up", state.put(number, woken=False)
        if me.phase == "waiting" and not me.paused:
            yield f"{number} loses an answer", ask(state, number)[0]
            yield f"{number} gives up", give_up(make_idle(state, number), number)
            yield f"{number} gives up unheard", make_idle(state, number)
        if me.phase == "holding" and not me.paused:
            yield f"{number} releases unheard", make_idle(state, number)
            yield f"{number} loses the answer to its release", release(state, number, me.believes)
    if state.holder >= 0:
        yield "the lease expires", state.free()
        yield "Redis restarts", restart_redis(state)
        yield "a monitor looks", state._replace(view=(state.holder, state.fence))
    if state.view[1]:
        yield "a monitor acts on what it saw", release(state, *state.view)._replace(view=(-1, 0))


def restart_redis(state: State) -> State:
    """All connections are gone at once; what was answered is in the file."""
    for number in PROCESSES:
        state = state.put(number, connected=False, woken=False)
    return state._replace(reborn=True)


# ---- what must hold ----


def check(state: State) -> None:
    accepted = [
        number
        for number, me in enumerate(state.processes)
        if me.phase == "holding" and (state.holder, state.fence) == (number, me.believes)
    ]
    assert len(accepted) <= 1, "two valid leases"
    beliefs = [me.believes for me in state.processes if me.believes]
    assert len(beliefs) == len(set(beliefs)), "a fence was given twice"
    assert state.fence in {0, state.last_fence}, "an old fence is accepted"
    assert (state.holder < 0) == (state.fence == 0)
    assert state.holder not in [number for _, number in state.line], "a holder waits"
    assert len({number for _, number in state.line}) == len(state.line), "somebody waits twice"


def check_step(before: State, name: str, after: State) -> None:
    """What one step may not do to a holder that has its lease, is connected, and was not the one who acted."""
    holder = before.holder
    if holder < 0 or after.fence == before.fence:
        return
    assert after.last_fence >= before.last_fence
    harmless = name.startswith(("the lease", "time", "a monitor acts", str(holder)))
    dead = not before.processes[holder].connected and before.suspect and not before.reborn
    assert harmless or dead, f"{name} took the lock from {holder}"
    if name.startswith("a monitor acts"):
        assert before.view == (holder, before.fence), "the monitor freed what it had not seen"


def canonical(state: State) -> State:
    """Number fences and arrivals anew, as only their order matters, and processes, as they are all alike."""
    fences = {me.believes for me in state.processes} | {state.fence, state.view[1], state.last_fence, 0}
    rank = {fence: place for place, fence in enumerate(sorted(fences))}
    arrivals = {me.placed for me in state.processes} | {arrival for arrival, _ in state.line} | {0}
    turn = {arrival: place for place, arrival in enumerate(sorted(arrivals))}
    places = {number: turn[arrival] for arrival, number in state.line}
    alike = sorted(
        (
            me._replace(believes=rank[me.believes], placed=turn[me.placed]),
            places.get(number, 0),
            number == state.holder,
            number == state.view[0],
            number,
        )
        for number, me in enumerate(state.processes)
    )
    name = {-1: -1} | {number: new for new, (*_, number) in enumerate(alike)}
    return state._replace(
        processes=tuple(me for me, *_ in alike),
        line=tuple((turn[arrival], name[number]) for arrival, number in state.line),
        holder=name[state.holder],
        fence=rank[state.fence],
        last_fence=rank[state.last_fence],
        view=(name[state.view[0]], rank[state.view[1]]),
        clock=len(turn) - 1,
    )


def is_quiet(state: State) -> bool:
    """Everybody alive had all his turns, and the lock is free."""
    done = all(me.phase == "dead" or (me.phase == "idle" and not me.wants) for me in state.processes)
    return done and state.holder < 0


def explore(holds: int, most_faults: int) -> tuple[int, int]:
    """Visit every state within these bounds; return how many there are, and how many steps between them.

    Raises:
        AssertionError: a promise does not hold; the message says which.
    """
    start = State(processes=(Process(wants=holds),) * len(PROCESSES))
    numbers, todo = {start: 0}, deque([start])
    into: list[list[int]] = [[]]  # by which fault-free steps a state is reached, for the liveness check
    ends, transitions = [], 0
    while todo:
        state = todo.popleft()
        here = numbers[state]
        check(state)
        if is_quiet(state):
            ends.append(here)
        free = [(name, after, True) for name, after in steps(state)]
        broken = [(name, after._replace(faults=state.faults + 1), False) for name, after in faults(state)]
        for name, after, faultless in free + (broken if state.faults < most_faults else []):
            check_step(state, name, after)
            found = canonical(after)
            transitions += 1
            if found not in numbers:
                numbers[found] = len(numbers)
                into.append([])
                todo.append(found)
            if faultless:
                into[numbers[found]].append(here)
    assert len(find_states_that_reach(ends, into)) == len(numbers), "there is a state that nobody gets out of"
    return len(numbers), transitions


def find_states_that_reach(ends: list[int], into: list[list[int]]) -> set[int]:
    """Return the states from which an end can be reached without another fault."""
    known, todo = set(ends), list(ends)
    while todo:
        for before in into[todo.pop()]:
            if before not in known:
                known.add(before)
                todo.append(before)
    return known


if __name__ == "__main__":
    for bounds in BOUNDS:
        states, transitions = explore(*bounds)
        print(
            f"{bounds[0]} holds each, {bounds[1]} faults: {states:,} states, {transitions:,} steps, all promises hold"
        )
