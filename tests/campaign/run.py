"""One run: bad days by a seed, then good ones until everything has come to rest, then the checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from ledger.values import BookingId
from tests.builders import COLOURING, HAIRCUT
from tests.campaign.checks import Broken, check, read_log
from tests.campaign.ground import Ground, seeded_ids
from tests.campaign.processes import ANYWHERE, anywhere
from tests.campaign.story import story
from tests.campaign.tally import Tally, tally_of
from tests.campaign.world import World, open_world

MOST_ROUNDS = 120
"""After so many good rounds nothing may be left to do."""
FOR_GOOD = 40
"""From this round on nobody puts a question off."""


@dataclass(frozen=True)
class Run:
    """What came of a seed: what is wrong, told as a story, and what happened how often."""

    seed: int
    broken: list[Broken]
    story: str
    tally: Tally
    steps: list[str] = field(repr=False)
    log: list[str] = field(repr=False)


def play(ground: Ground, seed: int, *, over_http: bool = False) -> Run:
    """The same seed gives the same run, unless it goes over real sockets."""
    with capture_logs(), seeded_ids(seed), open_world(ground, seed, over_http=over_http) as world:
        world.open()
        bad_days(world)
        rounds = good_days(world)
        broken = check(world)
        if rounds >= MOST_ROUNDS:
            broken.insert(0, Broken("does not come to rest", f"{rounds} rounds"))
        steps = [str(one) for one in world.journal.sent]
        log = [f"{one.recorded_at} {one.type} {' '.join(one.tags)}" for one in read_log(world)]
        return Run(seed, broken, story(world, broken), tally_of(world), steps, log)


def bad_days(world: World) -> None:
    """Everybody at work, whatever the weather; in each run another step is where a sender dies, and one where it halts.

    They do so once, if it comes to that step, and if only on the good days.
    """
    world.senders[0].kill_at.add(ANYWHERE[world.seed % len(ANYWHERE)])
    world.senders[0].freeze_at.add(ANYWHERE[world.seed * 7 % len(ANYWHERE)])
    for _ in range(world.dice.randint(60, 110)):
        _act(world)
        world.catch_up()


def _act(world: World) -> None:
    dice = world.dice
    act = dice.choices(tuple(_ACTS), tuple(often for often, _ in _ACTS.values()))[0]
    _ACTS[act][1](world)


def _sender(world: World, number: int) -> None:
    for _ in range(world.dice.randint(1, 5)):
        world.senders[number].work()
        world.hand.turn(world.dice.uniform(0, 2))


def _second_thoughts(world: World) -> None:
    """Clients whose booking is on its way, perhaps very late, wish another time; what comes of it is answered."""
    for booking_id in world.births.given_up():
        world.clients.move_one(BookingId(booking_id))
    world.catch_up()
    world.hand.turn(80)
    _sender(world, 0)
    for state in world.operator.waiting():
        world.operator.answer(state)
    _sender(world, 0)


def _kill(world: World) -> None:
    world.dice.choice(world.senders).kill_at.add(anywhere(world.dice))


def _freeze(world: World) -> None:
    world.dice.choice(world.senders).freeze_at.add(anywhere(world.dice))


def _lie(world: World) -> None:
    with world.weather.lying_lists():
        world.dice.choice(world.senders).sweep()


def _over(world: World) -> None:
    world.weather.end_outage()
    world.weather.forgive()


def _refuse(world: World) -> None:
    world.weather.begin_refusing([one.phone for one in world.clients.people], [HAIRCUT, COLOURING])


_ACTS: dict[str, tuple[int, Callable[[World], object]]] = {
    "client": (26, lambda world: world.clients.act()),
    "second thoughts": (6, _second_thoughts),
    "staff": (12, lambda world: world.staff.act()),
    "operator": (8, lambda world: world.operator.act()),
    "first sender": (24, lambda world: _sender(world, 0)),
    "second sender": (8, lambda world: _sender(world, 1)),
    "sweep": (2, lambda world: world.dice.choice(world.senders).sweep()),
    "lying lists": (1, _lie),
    "kill": (4, _kill),
    "freeze": (4, _freeze),
    "outage": (2, lambda world: world.weather.begin_outage()),
    "outage over": (5, _over),
    "refusal": (2, _refuse),
    "other faults": (3, lambda world: world.weather.change_faults()),
    "wait": (8, lambda world: world.hand.turn(world.dice.choice((20, 80, 80, 300, 1800)))),
    "days pass": (1, lambda world: world.hand.turn(world.dice.choice((4, 20, 26)) * 3600)),
}
"""What may happen next, how often among the others, and how."""


def good_days(world: World) -> int:
    """The faults stop, everything is driven until nothing changes and nobody waits; gives the rounds it took."""
    _clear_up(world)
    quiet = 0
    for done in range(MOST_ROUNDS):
        world.hand.turn(130)
        before = world.ground.recorder.head()
        world.operator.resume_for_good()
        world.operator.release_brake()
        for sender in world.senders:
            _drain(sender.work)
        is_read = any(sender.sweep() for sender in world.senders)
        waiting = world.operator.waiting()
        for state in waiting:
            world.operator.answer(state, finally_=done > FOR_GOOD)
        world.clients.choose_anew()
        world.catch_up()
        is_quiet = is_read and not waiting and world.ground.recorder.head() == before
        quiet = quiet + 1 if is_quiet else 0
        if quiet >= 6:
            return done
    return MOST_ROUNDS


def _clear_up(world: World) -> None:
    world.weather.clear_up()
    world.put_services_back()
    world.clients.put_right()


def _drain(work: Callable[[], bool]) -> None:
    for _ in range(60):
        if not work():
            return
