"""The page of `zapisnik try`: what it shows, what it lets a visitor do, and its own small play of an outage."""
