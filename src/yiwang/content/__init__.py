"""Content packs: read, checked, compared and loaded with their source and date of effect (内容包)."""
