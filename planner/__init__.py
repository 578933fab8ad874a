"""Decision: what to do next. Heavy parts are imported by their modules, never here."""
