"""What can be done with a campaign: one function a verb; each decides on a folded state and appends events."""
