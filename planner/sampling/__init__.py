"""When to read, and which wells are worth going on with: value of information on one experiment's own curve."""
