"""The command line: `zapisnik`. Exit code 0 is good, 1 found something, 2 was used wrongly."""

from console.cli.app import app, main

__all__ = ["app", "main"]
