"""What is written for robots and for other software."""
