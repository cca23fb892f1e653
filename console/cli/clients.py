"""`zapisnik client`: what is held on a person."""

from __future__ import annotations

import typer

commands = typer.Typer(no_args_is_help=True)
