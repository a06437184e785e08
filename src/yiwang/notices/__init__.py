"""Notices (通知): e-mail and short messages to applicants, sent without being asked.

What happened is told by the packages above, through `services.plan`; what it says stands in the
packs; where and when it may come is the applicant's choice. The message in the portal and the
sealed letters are not here: they belong to `cases`, and no choice made here stops them.
"""
