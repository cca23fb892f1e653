"""A scripted outage from end to end, with an audit that trusts nothing of ours but the raw log."""
