"""Pieces of SQL by which a table shows its rows to the session that asks (`organisations.scope`).

A model names its condition in `row_security`; the sub-selects are worked out once per query.
"""

DEPARTMENTS = "(SELECT string_to_array(current_setting('yiwang.departments', true), ','))::text[]"
"""Codes of the departments in which the actor may read cases."""

SUBJECTS = "(SELECT string_to_array(current_setting('yiwang.subjects', true), ','))::text[]"
"""Refs on whose behalf the actor may apply, and the actor's own ref."""

IS_ALL = "(SELECT current_setting('yiwang.scope', true)) = '*'"
"""A job, or a look-up by somebody who knows a secret."""

IS_STAFF = "(SELECT current_setting('yiwang.departments', true)) <> ''"
"""A post that reads cases somewhere."""

WHOLE_SESSION = "-c yiwang.scope=*"
"""PGOPTIONS of workers and operators' commands: jobs act for the program itself."""
