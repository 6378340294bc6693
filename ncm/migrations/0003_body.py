"""A task force is one kind of body: the table, its rows and their uuids stay, under another name."""

from django.db import migrations, models


def give_codes(apps, schema_editor):
    """Rows that are there get a code of their number; their keeper gives them a better one."""
    body = apps.get_model("ncm", "Body")
    for row in body.objects.all():
        row.code = f"B{row.pk}"
        # One that is for an area is a local one: its level is corrected by whoever keeps it.
        row.level = "regional" if row.area_id else "national"
        row.save(update_fields=["code", "level"])


class Migration(migrations.Migration):
    dependencies = [("ncm", "0002_action_points"), ("partners", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="taskforce", name="task_force_has_a_name"),
        migrations.RenameModel(old_name="TaskForce", new_name="Body"),
        migrations.AddField(
            "body", "code", models.CharField(max_length=12, null=True, verbose_name="short code")
        ),
        migrations.AddField(
            "body",
            "level",
            models.CharField(
                choices=[("national", "National"), ("regional", "Regional"), ("local", "Local")],
                default="national",
                max_length=12,
            ),
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop, elidable=False),
        migrations.AlterField(
            "body",
            "code",
            models.CharField(
                help_text="Stands in the numbers of its resolutions.",
                max_length=12,
                unique=True,
                verbose_name="short code",
            ),
        ),
    ]
