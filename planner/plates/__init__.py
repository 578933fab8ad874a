"""Batches as plates: which points a batch may still take given those chosen, values that wells share, and repeats."""
