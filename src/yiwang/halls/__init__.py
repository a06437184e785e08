"""Service halls (政务服务大厅): zones and windows, queue tickets, appointments, staff, standards.

A ticket holds no name: who waits is a number until the window calls it and the clerk identifies
them. The case that comes of a ticket is tied to it. What a hall is stands in packs.
"""
