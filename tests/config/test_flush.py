"""What is left of a test that committed: nothing, and the keys of what migrations made."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import AccessLog, User
from partners.models import ServiceType
from tests.support.cast import Cast


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="elsewhere it is Django's own")
def test_a_flush_empties_every_table_and_keeps_the_keys(cast: Cast) -> None:
    before = list(ContentType.objects.order_by("pk").values_list("pk", "model"))
    assert AccessLog.objects.exists()
    call_command("flush", verbosity=0, interactive=False)
    assert not AccessLog.objects.exists()
    assert not User.objects.filter(pk__in=[cast.co_ordinator.pk, cast.officer.pk]).exists()
    assert list(ContentType.objects.order_by("pk").values_list("pk", "model")) == before
    assert ServiceType.objects.exists(), "what starting makes stands again"
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="elsewhere it is Django's own")
def test_the_log_is_append_only_after_it(cast: Cast) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLog.objects.all().delete()
