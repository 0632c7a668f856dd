"""What is measured and what it means: stations, metrics, readings, decoders, quality, AQI, curves."""
