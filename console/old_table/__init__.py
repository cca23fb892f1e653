"""Bookings of the salon's older system, read from a file and taken over into the ledger, once."""
