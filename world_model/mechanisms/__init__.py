"""Mechanisms: prior knowledge that can be simulated, as SBML files or as right-hand sides."""
