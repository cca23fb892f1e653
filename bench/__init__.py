"""Measured figures beside their baselines: `python -m bench`, or `make bench`. Nothing here is part of the product."""
