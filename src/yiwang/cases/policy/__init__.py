"""What law and rules say about a case: states, clocks, checks, letters; no framework."""
