"""What a run found: a table for people, JSON for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from bench.kept import Change, Kept, compare
from bench.rounds import Figure
from bench.rows import MOST_SWING, Row, Target

_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


@dataclass
class Report:
    """Everything one run found, beside what was kept. A run of smaller sizes than the full ones is not to be quoted."""

    surroundings: Mapping[str, str | int | float]
    kept: Kept
    is_full: bool = True
    rows: list[Row] = field(default_factory=list)

    @property
    def is_quotable(self) -> bool:
        return self.is_full and all(row.is_quiet for row in self.rows)

    @property
    def regressions(self) -> list[str]:
        """The names of the rows whose ratio is worse than the kept one by more than is allowed."""
        return [row.name for row in self.rows if (change := compare(row, self.kept)) and change.is_regression]

    def text(self, *, coloured: bool = False) -> str:
        """For people; in colour a regression is red, the word stands there anyway."""
        lines = ["; ".join(f"{name} {value}" for name, value in self.surroundings.items())]
        for row in self.rows:
            lines += ["", f"{row.name}: {row.title}", *(f"  {line}" for line in self._about(row, coloured))]
        lines += ["", *self._summary(coloured)]
        if not self.is_full:
            lines += ["", "DO NOT QUOTE: fewer or shorter rounds, or smaller sizes, than those of a full run"]
        return "\n".join(lines)

    def json(self) -> str:
        """For scripts."""
        found = {
            "surroundings": self.surroundings,
            "full": self.is_full,
            "quotable": self.is_quotable,
            "regressions": self.regressions,
            "rows": [self._as_json(row) for row in self.rows],
        }
        return msgspec.json.encode(found).decode()

    def _about(self, row: Row, coloured: bool) -> list[str]:
        width = max(len(one.name) for one in row.figures)
        lines = [f"{one.name:<{width}}  {_measured(one, row.yardstick)}" for one in row.figures]
        lines += [_verdict(target) for target in row.targets]
        if change := compare(row, self.kept):
            lines.append(_compared(row, change, coloured))
        lines += row.notes
        if not row.is_quiet:
            lines.append(
                f"DO NOT QUOTE: {row.yardstick.name} itself varied {row.yardstick.swing:.1f}-fold, above {MOST_SWING}; "
                "something else used this machine"
            )
        return lines

    def _summary(self, coloured: bool) -> list[str]:
        """One line a row: value, ratio, kept ratio, change, targets."""
        lines = [f"{'row':<12} {'ours':>12} {'ratio':>8} {'kept':>8}  {'change':<24} targets"]
        for row in self.rows:
            change = compare(row, self.kept)
            kept, said = (f"{change.kept.ratio:8.3g}", _change(change)) if change else (f"{'none':>8}", "")
            said = f"{said:<24}"
            if coloured and change and change.is_regression:
                said = f"{_RED}{said}{_PLAIN}"
            targets = "; ".join("met" if one.is_met else _missed(one) for one in row.targets)
            noise = "" if row.is_quiet else "  DO NOT QUOTE"
            lines.append(f"{row.name:<12} {_amount(row.ours):>12} {row.ratio:8.3g} {kept}  {said} {targets}{noise}")
        return lines

    def _as_json(self, row: Row) -> dict[str, object]:
        change = compare(row, self.kept)
        return {
            "name": row.name,
            "title": row.title,
            "figures": [
                {
                    "name": one.name,
                    "unit": one.unit,
                    "value": one.value,
                    "rounds": one.rounds,
                    "times_yardstick": one.times(row.yardstick),
                }
                for one in row.figures
            ],
            "ours": row.ours.name,
            "yardstick": row.yardstick.name,
            "ratio": row.ratio,
            "better": "more" if row.is_more_better else "less",
            "kept": change.kept.ratio if change else None,
            "worse_by": change.worse_by if change else None,
            "regression": change.is_regression if change else False,
            "targets": [
                {
                    "bound": target.bound,
                    "wanted": target.wanted,
                    "reached": target.reached,
                    "unit": target.unit,
                    "met": target.is_met,
                    # JSON has no infinity: null for a single one where none is wanted.
                    "missed_by": None if target.missed_by == float("inf") else target.missed_by,
                }
                for target in row.targets
            ],
            "notes": row.notes,
            "swing": row.yardstick.swing,
            "quotable": row.is_quiet and self.is_full,
        }


def _measured(figure: Figure, yardstick: Figure) -> str:
    spread = f"({_number(min(figure.rounds))} to {_number(max(figure.rounds))})"
    return f"{_amount(figure):>11}  {spread:<24} {figure.times(yardstick):8.3g} x {yardstick.name}"


def _verdict(target: Target) -> str:
    said = "met" if target.is_met else _missed(target)
    return f"target {target.bound} {_number(target.wanted)} {target.unit}: {_number(target.reached)}, {said}"


def _compared(row: Row, change: Change, coloured: bool) -> str:
    low, high = change.kept.spread
    said = _change(change)
    said = f"{_RED}{said}{_PLAIN}" if coloured and change.is_regression else said
    return f"kept {change.kept.ratio:.3g} x {row.yardstick.name} ({low:.3g} to {high:.3g}), now {row.ratio:.3g}: {said}"


def _change(change: Change) -> str:
    said = f"{abs(change.worse_by):.0%} {'worse' if change.worse_by > 0 else 'better'}"
    return f"{said}, REGRESSION" if change.is_regression else said


def _amount(figure: Figure) -> str:
    return f"{_number(figure.value)}{'' if figure.unit == '/s' else ' '}{figure.unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _missed(target: Target) -> str:
    return f"MISSED by {target.missed_by:.0%}" if target.wanted else "MISSED, none is wanted"
