"""The public register of granted decisions follows its own index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_query_code_sequence")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("outcome", "grant")),
                fields=["-decided_at", "-id"],
                name="cases_case_granted",
            ),
        )
    ]
