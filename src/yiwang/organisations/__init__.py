"""Departments, towns, posts, accounts, and what each post may do (机构与岗位)."""
