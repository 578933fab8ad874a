"""Example campaigns, and an agent trained in a model."""
