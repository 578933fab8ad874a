"""Where a campaign stands: a fold of its events. Nothing here acts."""
