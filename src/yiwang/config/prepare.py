"""Bring a database to where the program can serve: tables, rights, packs, demo."""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command
from django.db import connection

WEB_ROLE = "yiwang_web"


def migrate() -> None:
    """Bring tables, cache table and rights of the serving role up to date.

    To be run as the role that owns the tables.
    """
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    grant()


def append_only_tables() -> list[str]:
    """Return the tables in which nothing may be changed or removed."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "append_only", False)
    )


def row_security() -> list[tuple[str, str]]:
    """Return table and condition of every model that shows its rows by the session's scope."""
    return sorted(
        (model._meta.db_table, str(model.row_security))
        for model in apps.get_models()
        if hasattr(model, "row_security")
    )


def grant() -> None:
    """Give the serving role what it needs: no schema, no change to append-only tables.

    The owner is not bound by row security; the serving role is (`organisations.scope`).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [WEB_ROLE])
        cursor.fetchone()
        if not cursor.rowcount:
            return  # a server of the operator's own, who grants; see run-in-production
        cursor.execute(
            f"""
            GRANT USAGE ON SCHEMA public TO {WEB_ROLE};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {WEB_ROLE};
            GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {WEB_ROLE};
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {WEB_ROLE};
            REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {WEB_ROLE};
            """
        )
        for table, condition in row_security():
            cursor.execute(
                f"""
                ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;
                DROP POLICY IF EXISTS serving ON "{table}";
                CREATE POLICY serving ON "{table}" TO {WEB_ROLE} USING ({condition});
                """
            )
        for table in append_only_tables():
            cursor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {WEB_ROLE}')
