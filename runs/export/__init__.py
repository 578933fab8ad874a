"""What leaves the house: data sets for others."""
