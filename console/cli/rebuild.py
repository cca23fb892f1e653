"""`zapisnik rebuild`: build a read model anew beside the live one, or only check the live one against the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from console.cli.common import print_json
from console.cli.progress import ProgressLine
from console.errors import FoundError, UsageError
from console.settings import load_settings
from console.wiring import House, open_house, read_models
from projections.comparison import Comparison, Difference, compare
from projections.projector import Projection
from projections.rebuild import Progress, rebuild as rebuild_model

commands = typer.Typer()


@commands.command()
def rebuild(
    name: Annotated[str | None, typer.Argument(help="A read model, as `zapisnik status` names it.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every read model, one after the other.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only compare with the log; changes nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, no progress.")] = False,
) -> None:
    """Build a read model anew from the log and put it in place, while the bot keeps working."""
    chosen = _chosen(name, everything=all_)
    line = None if as_json else ProgressLine()
    with open_house(load_settings(), check_models=False) as house:
        if check:
            wrong = [model.name for model in chosen if not _check(house, model, line)]
            if wrong:
                raise FoundError(f"not as the log says: {', '.join(wrong)}; `zapisnik rebuild NAME` builds it anew")
            return
        for model in chosen:
            done = rebuild_model(house.recorder, model, house.holder, watch=line or _unwatched)
            if line is None:
                print_json(rebuilt_json(done))


def rebuilt_json(progress: Progress) -> dict[str, Any]:
    """A rebuild that is done."""
    return {**_measures(progress), "switched": progress.switched}


def compared_json(found: Comparison) -> dict[str, Any]:
    """A check that is done; `differences` are the first of `difference_count`."""
    return {
        **_measures(found.progress),
        "equal": found.equal,
        "difference_count": found.count,
        "differences": [msgspec.to_builtins(one) for one in found.differences],
    }


def _measures(progress: Progress) -> dict[str, Any]:
    return {
        "name": progress.name,
        "version": progress.version,
        "events": progress.events,
        "seconds": round(progress.seconds, 3),
        "events_per_second": round(progress.events_per_second),
    }


def _chosen(name: str | None, *, everything: bool) -> Sequence[Projection]:
    models = read_models()
    if everything and name is None:
        return models
    known = ", ".join(model.name for model in models)
    if everything or name is None:
        raise UsageError(f"name one read model ({known}), or give --all")
    found = [model for model in models if model.name == name]
    if not found:
        raise UsageError(f"there is no read model {name!r}; there are {known}")
    return found


def _check(house: House, model: Projection, line: ProgressLine | None) -> bool:
    """Compares and tells; True when the live rows are as the log says."""
    found = compare(house.recorder, model, watch=line or _unwatched)
    if line is None:
        print_json(compared_json(found))
        return found.equal
    line.wipe()
    progress = found.progress
    said = "as the log says" if found.equal else f"{found.count} differences"
    typer.echo(f"{progress.name}: {said}, up to event {progress.events:,} ({progress.seconds:.1f} s)")
    for one in found.differences:
        typer.echo(f"  {_line(one)}")
    if found.count > len(found.differences):
        typer.echo(f"  and {found.count - len(found.differences)} more")
    return found.equal


def _unwatched(_: Progress) -> None:
    """With --json nothing is told until it is done."""


def _line(one: Difference) -> str:
    row = f"{one.table} {', '.join(f'{column} {value}' for column, value in one.key.items())}".strip()
    match one.kind:
        case "missing":
            return f"{row}: is missing"
        case "extra":
            return f"{row}: is there, and the log does not say so"
        case "different":
            return f"{row}: differs in {', '.join(one.columns)}"
        case "shape":
            return f"{one.table}: not made as it should be: {', '.join(one.columns)}"
