"""Archive packages."""
