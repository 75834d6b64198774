"""orderloom/correlation."""
