"""Simulated labs and measured tables that answer in place of a bench. Opened by name in `registry`; nothing heavy loads here."""
