"""Cases (办件): one application for one item version, from draft to closed file.

Here: the states and steps of the procedure, its clocks, the acts of applicant and staff, the
letters they give rise to, messages to the applicant, and the queues of the desks. Not here: what an
item asks for (`catalogue`), who the applicant is (`registers`), the licence itself (`licences`).
"""
