"""What is measured and what it means: stations, metrics, readings, quality, AQI, curves."""
