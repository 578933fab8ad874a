"""Hazards as data: statements, reactive groups, what must not meet, and names that ask for a person."""
