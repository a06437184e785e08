"""Identifiers and code systems: structure, check characters, generators (编码与校验).

One module per code. Each has `check(value, …) -> Checked`; those whose last character is a
check also have a function that computes it. `batch` checks columns of a million at once.
Nothing here says whether a code was really issued.
"""
