"""What is wrong with a robot file that somebody wrote: our own running ledger, and one rule a file."""
