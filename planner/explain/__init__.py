"""Why this experiment, why not that one, and which factors matter."""
