"""Statistics of hourly means: roses, distributions, the course of the day, pairs of stations."""
