"""Belief: what would happen if … . Heavy parts are imported by their modules, never here."""
