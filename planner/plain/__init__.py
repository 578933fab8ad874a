"""Plain planners of rows, re-stated on BoTorch's own parts: rivals to be measured against, never used by a campaign."""
