"""Tests of questions of the public."""
