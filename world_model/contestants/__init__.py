"""The contestants, each named by its noun. They share the contract in `world_model.contract`."""
