"""`python -m sync.simulator`: a simulator alone, for programs; people use `zapisnik simulator`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from sync.simulator.crm import Simulator
from sync.simulator.faults import Faults
from sync.simulator.faults_file import FaultsFileError, load_faults
from sync.simulator.gate import PARTNER_TOKEN, USER_TOKEN, Limits
from sync.simulator.server import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a simulator alone until SIGTERM or SIGINT; prints its URL, one line, once it answers."""
    parser = argparse.ArgumentParser(prog="python -m sync.simulator", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes any free one")
    parser.add_argument("--company", type=int, default=1)
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("Europe/Moscow"))
    parser.add_argument("--partner-token", default=PARTNER_TOKEN)
    parser.add_argument("--user-token", default=USER_TOKEN)
    parser.add_argument("--partner-id", default="")
    parser.add_argument("--per-second", type=int, default=5, help="calls allowed in any second")
    parser.add_argument("--per-minute", type=int, default=200, help="calls allowed in any minute")
    parser.add_argument("--delay", type=float, default=0.0, help="how many seconds each call takes")
    parser.add_argument("--seed", type=int, help="of the faults; overrides the file's")
    parser.add_argument("--faults", type=Path, help="a TOML file of faults")
    chosen = parser.parse_args(arguments)
    try:
        faults = load_faults(chosen.faults, seed=chosen.seed) if chosen.faults else Faults(chosen.seed or 0)
    except FaultsFileError as error:
        parser.error(str(error))
    simulator = Simulator(
        company_id=chosen.company,
        zone=chosen.zone,
        partner_token=chosen.partner_token,
        user_token=chosen.user_token,
        partner_id=chosen.partner_id,
        limits=Limits(chosen.per_second, chosen.per_minute),
        delay=chosen.delay,
        faults=faults,
    )
    # The server gives a signal it was stopped by back to its former handler.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: sys.exit(0))
    serve(simulator, port=chosen.port, on_ready=_print_line)


def _print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
