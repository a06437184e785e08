"""Pages of the window clerk (综合窗口)."""
