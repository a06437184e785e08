"""Rules of asking and answering, free of any framework."""
