"""Air, discharge, thresholds: what stands on the environment page."""
