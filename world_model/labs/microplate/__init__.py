"""E. coli batch culture with induced GFP in a 96-well plate. `culture` is the truth, `sensor` the bench that looks at it."""
