"""What an attacker tries, and that it does not work."""
