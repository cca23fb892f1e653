"""How often each thing happened in a campaign; what never happened was never proved, so a zero fails it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import msgspec

from ledger import events as e
from ledger.events.sync_out import ConflictKind
from sync.simulator.faults import HOOK_FAULTS
from tests.campaign.checks import read_log
from tests.campaign.looks import ABSENT, FOUND, QUESTIONS
from tests.campaign.processes import ANYWHERE
from tests.campaign.weather import OUTAGES, REQUEST_FAULTS

if TYPE_CHECKING:
    from tests.campaign.world import World

REFUSED_AS = ("auth", "licence", "rights")
OPERATIONS = ("create", "move", "cancel")
REMOVALS = ("accepted by answer", "accepted by look_up", "unknown", "absent")
OUTCOMES = ("accepted by answer", "accepted by look_up", "refused", "unknown", "absent", "not_sent")
_KINDS: tuple[str, ...] = get_args(ConflictKind)

REQUIRED: dict[str, tuple[str, ...]] = {
    "faults": (*REQUEST_FAULTS, "empty_listing", *sorted(HOOK_FAULTS)),
    "outages": tuple(OUTAGES),
    "pauses by refusal": REFUSED_AS,
    "outcomes": tuple(f"{operation}: {outcome}" for operation in OPERATIONS for outcome in OUTCOMES)
    + tuple(f"remove: {outcome}" for outcome in REMOVALS),
    "looks": (
        *(FOUND[operation] for operation in OPERATIONS),
        *QUESTIONS.values(),
        *(f"{ABSENT[operation]}, {how}" for operation in OPERATIONS for how in ("surely", "not sure yet")),
    ),
    "questions": (*_KINDS, "refused"),
    "answers": ("ours", "theirs", "offer", "retry"),
    "skips": ("superseded", "past"),
    "kills": tuple(f"{doing} {point}" for doing, point in ANYWHERE),
    "freezes": tuple(sorted({str(point) for _, point in ANYWHERE})),
    "brake": ("braked", "released"),
    "by hand": ("moved", "lengthened", "removed", "seen", "followed", "removal followed"),
}


class Tally(msgspec.Struct):
    """Counts by group and name; of many runs the sum."""

    counts: dict[str, dict[str, int]] = {}

    def add(self, group: str, found: Iterable[str] | Counter[str]) -> None:
        """So many more of these."""
        into = Counter(self.counts.get(group, {}))
        into.update(found)
        self.counts[group] = dict(into)

    def merge(self, other: Tally) -> None:
        for group, found in other.counts.items():
            self.add(group, Counter(found))

    def zeros(self) -> list[str]:
        """What a whole campaign has to show and did not."""
        return [
            f"{group}: {name}"
            for group, names in REQUIRED.items()
            for name in names
            if not self.counts.get(group, {}).get(name)
        ]

    def table(self) -> str:
        """Group by group, name by name, zeros too."""
        lines = []
        for group in (*REQUIRED, *(name for name in self.counts if name not in REQUIRED)):
            found = self.counts.get(group, {})
            lines.append(group)
            names = dict.fromkeys((*REQUIRED.get(group, ()), *sorted(found)))
            lines += [f"    {name:<40}{found.get(name, 0):>10,}" for name in names]
        return "\n".join(lines)


def tally_of(world: World) -> Tally:
    """What happened in one run, mostly as its log tells it."""
    tally = Tally({})
    tally.add("faults", world.weather.fired)
    tally.add("outages", [one.mode for one in world.journal.sent if one.mode != "ok"])
    for sender in world.senders:
        tally.add("looks", sender.looks)
        tally.add("kills", sender.kills)
        tally.add("freezes", sender.freezes)
        tally.add("leases", ["lost under a sender"] * sender.leases_lost)
    tally.add("by hand", [touch.what for touch in world.staff.touches])
    tally.add("answers", [name.partition(": ")[2] for name in world.operator.answers.elements()])
    tally.add("answers by question", world.operator.answers)
    tally.add("operator", world.operator.choices)
    tally.add("hints", ["taken"] * world.hints)
    for item in read_log(world):
        _count(tally, item.event)
    tally.add("runs", ["requests"] * len(world.journal.sent))
    return tally


def _count(tally: Tally, event: e.AnyEvent) -> None:
    match event:
        case e.SyncSucceeded(operation=operation, seen_by=seen_by):
            tally.add("outcomes", [f"{operation}: accepted by {seen_by}"])
        case e.SyncFailed(operation=operation, outcome=outcome, parked=parked):
            tally.add("outcomes", [f"{operation}: {outcome}"])
            tally.add("failures", [f"{event.kind} {event.status or ''}".rstrip()])
            if parked:
                tally.add("questions", ["refused"])
        case e.ConflictFound(kind=kind):
            tally.add("questions", [kind])
        case e.SyncSkipped(reason=reason):
            tally.add("skips", [reason])
        case e.IntegrationPaused(kind=kind) if kind in REFUSED_AS:
            tally.add("pauses by refusal", [kind])
        case e.CrmBookingSeen():
            tally.add("by hand", ["seen"])
        case e.CrmBookingMoved():
            tally.add("by hand", ["followed"])
        case e.CrmBookingRemoved():
            tally.add("by hand", ["removal followed"])
        case e.CrmChangeBraked():
            tally.add("brake", ["braked"])
        case e.CrmChangeAccepted() | e.CrmChangeSubsided():
            tally.add("brake", ["released"])
        case _:
            tally.add("events", [type(event).__name__])
