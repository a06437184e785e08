"""What an item is, and what makes it fit to be published: pure functions and frozen data."""
