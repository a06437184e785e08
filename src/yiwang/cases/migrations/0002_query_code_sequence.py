"""One sequence feeds the query codes of the whole district, without a row that submissions wait for."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE cases_query_code AS integer MINVALUE 0 MAXVALUE 46655 CYCLE",
            "DROP SEQUENCE cases_query_code",
        )
    ]
