"""Which claims a world model's evidence supports: L1 forecast, L2 action-conditioned, L3 counterfactual, L4 planning."""
