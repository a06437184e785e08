"""Pages for citizens and firms: find an item, apply, follow the case (一网通办)."""
