"""The list of whom to call: on the page, as PDF, as cards; for whom, and written down."""

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import LogAction
from accounts.models import AccessLog
from deadlines.models import Job
from deadlines.services.jobs import run_next_job
from partners.choices import ContactStatus
from partners.models import PointOfContact
from partners.services import contacts
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
SHEET = reverse("partners:contact-sheet")
CARDS = reverse("partners:contact-cards")
PDF = reverse("partners:contact-sheet-build")


class TestSheet:
    def test_names_whoever_answers_now(self, cast: Cast, client_for, at: datetime) -> None:
        client = client_for(cast.other_manager)
        assert "+000 111" in client.get(SHEET).content.decode()
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=ContactStatus.VACANT, by=by, at=at)
        body = client.get(SHEET).content.decode()
        assert "+000 222" in body
        assert "stands in" in body
        assert "+000 111" not in body

    def test_leaves_out_who_is_not_listed(self, cast: Cast, client_for) -> None:
        for user, seen in (
            (cast.ngo_manager, False),
            (cast.funder, False),
            (cast.unlisted_manager, True),
            (cast.co_ordinator, True),
        ):
            client = client_for(user)
            for answer in (client.get(SHEET), client.post(CARDS)):
                assert ("+000 333" in answer.content.decode()) is seen, user

    def test_is_closed_to_applicants(self, cast: Cast, client_for) -> None:
        for user in (cast.applicant, cast.stranger, cast.administrator):
            assert client_for(user).get(SHEET).status_code == 403
            assert client_for(user).post(CARDS).status_code == 403

    def test_is_narrowed_as_the_registry_is(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert "Lantern" in client.get(SHEET, {"kind": "cso"}).content.decode()
        body = client.get(SHEET, {"kind": "media"}).content.decode()
        assert "No organisation matches" in body

    @pytest.mark.parametrize("number", [0, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, client_for, at: datetime
    ) -> None:
        PointOfContact.objects.bulk_create(
            PointOfContact(organisation=cast.ngo, person_name=f"Invented {n}", created_at=at)
            for n in range(number)
        )
        client = client_for(cast.ngo_manager)
        client.get(SHEET)  # areas are kept for some minutes
        with at_most(8):
            assert client.get(SHEET).status_code == 200


class TestCards:
    def test_hold_the_numbers_and_no_name_in_the_files_own(self, cast: Cast, client_for) -> None:
        answer = client_for(cast.other_manager).post(CARDS)
        assert answer["Content-Type"].startswith("text/vcard")
        assert answer["Content-Disposition"] == 'attachment; filename="contacts.vcf"'
        assert b"TEL;VALUE=text;PREF=1:+000 111\r\n" in answer.content
        assert b"EMAIL;PREF=1:duty@example.org\r\n" in answer.content

    def test_of_one_person_are_for_whoever_sees_the_entry(self, cast: Cast, client_for) -> None:
        card = reverse("partners:contact-card", args=[cast.contact.uuid])
        unlisted = reverse("partners:contact-card", args=[cast.other_contact.uuid])
        client = client_for(cast.other_manager)
        assert b"BEGIN:VCARD" in client.post(card).content
        assert client.post(unlisted).status_code == 404
        PointOfContact.objects.filter(pk=cast.contact.pk).update(status="reassigned")
        assert client.post(card).status_code == 404

    def test_are_written_down_before_they_leave(self, cast: Cast, client_for) -> None:
        client = client_for(cast.other_manager)
        client.post(CARDS)
        client.post(reverse("partners:contact-card", args=[cast.contact.uuid]))
        rows = AccessLog.objects.filter(action=LogAction.EXPORT).order_by("at", "id")
        assert [(row.reason_code, row.subject_uuid) for row in rows] == [
            ("vcard", None),
            ("vcard", cast.contact.uuid),
        ]
        assert {row.user_id for row in rows} == {cast.other_manager.pk}


class TestPdf:
    def test_is_made_by_a_job_and_written_down(self, cast: Cast, client_for) -> None:
        client = client_for(cast.other_manager)
        client.post(PDF, {"kind": "cso"})
        assert run_next_job(clock=timezone.now, worker="tests")
        job = Job.objects.get(kind="contact_sheet")
        assert (job.state, job.error_code) == ("done", "")
        assert job.params["asked"] == {"kind": "cso"}
        with job.result.open("rb") as file:
            assert file.read(5) == b"%PDF-"
        assert AccessLog.objects.filter(action=LogAction.EXPORT, reason_code="pdf").exists()
