"""Pure ground floor: identifiers, working days, clocks, terms, refusals, events, hashes.

Knows no table, no request and no framework. Everything here takes time, chance and calendar
as arguments.
"""
