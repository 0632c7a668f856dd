"""What changed, to every screen at once."""
