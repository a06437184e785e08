"""What a register accepts and how it keeps personal numbers: pure functions, no framework."""
