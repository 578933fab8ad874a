"""How a batch is judged: one acquisition for each kind of thing that may be wanted, chosen by the task."""
