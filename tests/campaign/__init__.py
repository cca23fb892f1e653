"""The campaign: seeded outages over a whole salon, after which the CRM and the ledger must be equal.

`python -m tests.campaign --seeds 1000` plays them. Time only pretends to go: the salon's clock, the stopwatches and the
database's clock are moved by one hand, so a run of days takes less than a second, and the same seed is the same run.
"""
