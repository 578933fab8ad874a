"""Emitted files read back by parsers that know the formats and nothing of how they were written."""
