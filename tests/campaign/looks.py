"""What a look into the CRM came to, told by what the log says after it."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import events as e

FOUND = {
    "create": "found live",
    "move": "found at the asked place",
    "cancel": "found removed",
    "remove": "found removed",
}
ABSENT = {"create": "absent", "move": "at the old place", "cancel": "still there", "remove": "still there"}
QUESTIONS: dict[e.ConflictKind, str] = {
    "duplicate": "found several",
    "removed_in_crm": "found deleted",
    "moved_in_crm": "found at a third place",
    "ambiguous": "found one that may be ours",
}


def result_of_look(attempt: e.SyncAttempted, history: Sequence[e.AnyEvent]) -> str:
    """The result of a look-up of this attempt, which was the last thing done about its booking."""
    last = history[-1]
    match last:
        case e.SyncSucceeded(attempt_id=attempt.attempt_id):
            return FOUND[attempt.operation]
        case e.SyncFailed(attempt_id=attempt.attempt_id, outcome="absent"):
            return f"{ABSENT[attempt.operation]}, surely"
        case e.ConflictFound(kind=kind):
            return QUESTIONS.get(kind, f"question {kind}")
        case _:
            return f"{ABSENT[attempt.operation]}, not sure yet"
