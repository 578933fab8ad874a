"""Campaigns of other planners, from their own files: what can be carried over is, and what can't is listed."""
