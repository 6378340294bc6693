"""The access log refuses UPDATE and DELETE, whoever asks."""

from django.db import migrations

from accounts import append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(append_only.install, append_only.remove)]
