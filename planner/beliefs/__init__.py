"""What is believed beside the world model: where experiments can't be done, where experts think that the best lies, what can't win."""
