"""Supervised subjects (监管对象): whoever is granted something is on somebody's list."""
