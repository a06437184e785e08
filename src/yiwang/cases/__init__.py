"""Cases (办件): one application for one item, from receipt to closure, by the law's procedure."""
