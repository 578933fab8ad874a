"""What a person takes to the bench."""
