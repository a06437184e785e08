"""A log is read once: what was not to be seen yet is looked for by its number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_permits_needed")]

    operations = [
        migrations.AddField(
            model_name="mark",
            name="left_out",
            field=models.JSONField(default=dict, verbose_name="位置以前待再读的"),
        ),
    ]
