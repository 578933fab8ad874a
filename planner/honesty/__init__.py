"""Was it right? Every stored prediction is scored when its result arrives, and what is promised next is corrected by it."""
