"""Pictures of a campaign, one kind a file. Each takes what it shows and hands back `Picture`s."""
