"""The past on the desk: the district as it was known at a moment, and how it went on from there."""
