"""Experience: what was done and what came of it. Heavy parts are imported by their modules, never here."""
