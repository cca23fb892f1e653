"""A program writes, follows and reads a read model only at the version it was written for."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.errors import SchemaVersionError


def check_versions(ours: Mapping[str, int], live: Mapping[str, int]) -> None:
    """Compares read models by name and version. Raises SchemaVersionError with the remedy for the first that differs.

    `live` holds ours and those written with the events: one of these that we do not know would be left incomplete.
    """
    for name, version in ours.items():
        stands = live.get(name)
        if stands is None:
            raise SchemaVersionError(f"read model {name} is not installed: run `zapisnik migrate`")
        if stands < version:
            raise SchemaVersionError(
                f"read model {name} stands at version {stands}, this program has {version}: run `zapisnik migrate`"
            )
        if stands > version:
            raise SchemaVersionError(
                f"read model {name} stands at version {stands}, this program has {version}: a newer program has "
                "rebuilt it, start that one"
            )
    if unknown := live.keys() - ours.keys():
        raise SchemaVersionError(
            f"read model {min(unknown)} is written with the events, and this program does not know it: start the "
            "newer program"
        )
