"""`python -m console` is `zapisnik`, for when the command itself is not on the path."""

from console.cli import main

main()
