"""What happened, in order: an append-only, hash-chained event table, and the raw files by their hash."""
