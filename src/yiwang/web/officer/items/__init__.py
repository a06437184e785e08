"""Pages for those who keep items: list, item, editor, reviews (事项管理)."""
