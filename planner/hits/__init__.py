"""Screens: as many hits as can be found, by how likely each candidate is one."""
