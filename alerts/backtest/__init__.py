"""What a rule would have done with stored readings: the live engine, run over the past."""
