"""Content packs: read, checked, compared, loaded; source and date of effect are kept (内容包)."""
