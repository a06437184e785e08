"""Settings, addresses of the whole and start-up; imports everything, imported by nothing."""
