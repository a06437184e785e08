"""Grades, clocks and states of ratings, free of any framework."""
