"""Pages, one sub-package per audience; translate requests into acts and answers."""
