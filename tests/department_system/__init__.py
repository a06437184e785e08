"""A department's own system, small and whole: the example for those who connect a real one."""
