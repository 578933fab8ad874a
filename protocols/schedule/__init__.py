"""Who does what when: timed tasks with hold windows, and an order in which no machine is needed twice at once."""
