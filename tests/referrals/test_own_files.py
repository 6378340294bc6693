"""An organisation takes its own files with it: whole, logged, and nobody else's."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.choices import LogAction
from accounts.models import AccessLog
from common.marks import Permission
from common.workflow import NotAllowed
from partners.choices import Role
from partners.models import Organisation
from referrals.choices import CLOSED
from referrals.services import own_files
from tests.partners import stages as proceedings
from tests.referrals import stages, test_kept_files
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
EXPORT = reverse("referrals:own-files")


def take(cast: Cast, who: str = "ngo_manager"):
    return own_files.export(year=cast.at.year, by=cast.actor(getattr(cast, who)), at=cast.at)


class TestExport:
    def test_holds_the_whole_file_and_is_logged_for_each(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        made = take(cast)
        (file,) = made["files"]
        assert file["reference"] == referral.reference
        assert file["narrative"] == stages.STORY
        assert file["identity"]["name"] == stages.NAME
        assert file["consents"][0]["purpose"] == "referral"
        again = json.loads(json.dumps(made))["files"][0]
        assert again["answers"]["exploitation"] == ["FORCED_LABOUR", "FORCED_BEGGING"]
        row = AccessLog.objects.get(action=LogAction.EXPORT)
        assert (row.subject_uuid, row.reason_code) == (referral.uuid, "own_files")

    def test_holds_nothing_that_others_keep(self, cast: Cast) -> None:
        stages.sent(cast)
        assert take(cast, "other_manager")["files"] == []
        for who in ("ngo_caseworker", "officer", "co_ordinator"):
            with pytest.raises(NotAllowed):
                take(cast, who)

    def test_stays_for_ninety_days_of_a_suspension(self, cast: Cast, client_for) -> None:
        stages.sent(cast)
        proceedings.suspended(cast)
        answer = client_for(cast.ngo_manager).post(EXPORT, {"year": str(cast.at.year)})
        assert answer["Content-Disposition"].endswith(f'own-files-{cast.at.year}.json"')
        assert json.loads(answer.content)["files"][0]["narrative"] == stages.STORY
        later = cast.actor(cast.ngo_manager, cast.at + timedelta(days=91))
        assert Permission.REFERRAL_EXPORT not in later.permissions
        Organisation.objects.filter(pk=cast.ngo.pk).update(files_until_at=None)
        assert client_for(cast.ngo_manager).get(EXPORT).status_code == 403

    def test_names_the_years_there_are_and_gives_no_other(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert "No file to take with you" in client.get(EXPORT).content.decode()
        stages.sent(cast)
        assert f"{cast.at.year}: 1 file" in client.get(EXPORT).content.decode()
        assert client.post(EXPORT, {"year": "1999"}).headers.get("Content-Disposition") is None

    @pytest.mark.parametrize("end", [test_kept_files.withdrawn, test_kept_files.refused])
    def test_tells_law_enforcement_no_more_than_its_page(self, cast: Cast, end) -> None:
        works_for(cast.police_officer, cast.police, Role.MANAGER, cast.at, is_enforcement=True)
        referral = end(cast)
        (file,) = take(cast, "police_officer")["files"]
        assert file == {"reference": referral.reference, "state": CLOSED}
