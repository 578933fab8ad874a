"""Reading campaign.toml and lab.toml: every mistake, with its line and the nearest valid name."""
