"""The stock solver: from concentrations to whole nanolitres."""
