"""The department gateway (部门业务系统对接): cases to departments' own systems, and results back.

Here: who is connected, what was pushed and what came back, signatures, retries with an end, dead
letters. Not here: what a message does to a case; that is an act of `cases`.
"""
