"""Reading results files: every cell is taken, listed as unread, or named in a refusal of the whole file."""
