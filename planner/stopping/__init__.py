"""What the next batch is worth, and whether to go on. Advice only."""
