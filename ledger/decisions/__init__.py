"""What may happen: one use case a file, pure, each with the part of history it depends on."""
