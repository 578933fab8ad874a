"""Action: how it is done at the bench. Loads no torch."""
