"""The real servers that tests run against; one that is missing says what to install."""
