"""Departments, towns, people who work there, posts, permissions and sign-in (机构与岗位).

Here: who somebody is, what posts they hold on a given day, whether they may act, and how they
prove it. Not here: pages of sign-in (`web.accounts`) and who a citizen is (`registers`).
"""
