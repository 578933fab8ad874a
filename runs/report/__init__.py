"""The report of a campaign: what was found, how sure it is, and how much sooner than by chance."""
