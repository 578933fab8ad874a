"""Rules, one a file; each returns every finding."""
