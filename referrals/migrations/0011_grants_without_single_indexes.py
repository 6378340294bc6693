"""The grants of groups lose two indexes that others begin with or nothing asks for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("referrals", "0010_kept_out_of_orders"),
    ]

    operations = [
        migrations.AlterField(
            model_name="referralgroupgrant",
            name=name,
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to=to
            ),
        )
        for name, to in (("group", "auth.group"), ("permission", "auth.permission"))
    ]
