"""Experiments for knowledge's sake: where a number lies past a threshold, what it is all over the space, which model is right."""
