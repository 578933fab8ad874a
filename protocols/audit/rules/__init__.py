"""One rule a file: each reads a walk and tells what it finds."""
