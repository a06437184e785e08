"""Pure functions and frozen data of decision tables; `tables` is the door."""
