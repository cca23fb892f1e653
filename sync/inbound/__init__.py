"""What is done by hand in the CRM becomes events: its diary read once, then its changes, its catalogue, its hints."""

from sync.inbound.baseline import connect, import_baseline

__all__ = ["connect", "import_baseline"]
