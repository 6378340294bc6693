"""Guidance: versions, for whom they are, who has read them, and reminders."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from common.workflow import NotAllowed, NotPossible
from deadlines.models import Notice
from deadlines.services.sweep import sweep
from partners.choices import ChannelKind
from partners.learning_choices import GuidanceState
from partners.learning_workflow import GUIDANCE
from partners.models import Channel, Guidance, GuidanceReceipt
from partners.services import contact_links, guidance
from tests.partners import learning_stages as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db


def told(kind: str) -> set[Any]:
    return {notice.recipient for notice in Notice.objects.filter(kind=kind)}


class TestAVersion:
    def test_reaches_every_state(self) -> None:
        GUIDANCE.assert_complete(GuidanceState.values)

    def test_is_put_in_force_with_a_document(self, cast: Cast) -> None:
        row, by = stages.draft(cast), cast.actor(cast.co_ordinator)
        with pytest.raises(NotPossible):
            GUIDANCE.apply(row, "put_in_force", by=by, at=cast.at)
        assert not Guidance.objects.visible_to(cast.actor(cast.ngo_manager)).exists()
        stages.in_force(cast)
        assert told("guidance_new") >= {cast.ngo_manager, cast.unlisted_manager}

    def test_gives_way_and_stays_readable(self, cast: Cast, client_for: Any) -> None:
        first, by = stages.in_force(cast), cast.actor(cast.co_ordinator)
        second = guidance.next_version(guidance=first, by=by, at=cast.at)
        assert guidance.next_version(guidance=first, by=by, at=cast.at) == second
        guidance.add_file(
            guidance=second, title="New", name="b.pdf", content=b"%PDF-1.7 new", by=by, at=cast.at
        )
        GUIDANCE.apply(Guidance.objects.get(pk=second.pk), "put_in_force", by=by, at=cast.at)
        first.refresh_from_db()
        assert first.state == GuidanceState.REPLACED
        client = client_for(cast.ngo_caseworker)
        page = client.get(first.get_absolute_url())
        assert "A newer version is in force." in page.text
        file = reverse("partners:guidance-file", args=[first.uuid, first.files.get().uuid])
        assert client.get(file).content == b"%PDF-1.7 invented"


class TestReaders:
    @pytest.mark.sqlite_too
    def test_are_chosen_by_kind_capacity_and_area(self, cast: Cast) -> None:
        def readers(**how: Any) -> set[int]:
            return set(stages.draft(cast, **how).readers().values_list("pk", flat=True))

        ours = {cast.contact.pk, cast.deputy.pk}
        everybody = ours | {cast.other_contact.pk}
        assert readers() == everybody
        assert readers(for_kinds=["state_agency"]) == set()
        assert readers(for_capacities=["first_responder"]) == everybody
        assert readers(for_capacities=["funder"]) == set()
        assert readers(area=cast.area) == everybody

    @pytest.mark.sqlite_too
    def test_say_so_themselves_or_their_organisation_does(self, cast: Cast) -> None:
        row = stages.in_force(cast)
        Channel.objects.create(
            contact=cast.deputy, kind=ChannelKind.EMAIL, value=cast.ngo_caseworker.email, rank=9
        )
        self_said = guidance.confirm_read(
            guidance=row, contact=cast.deputy, by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        office = guidance.confirm_read(
            guidance=row, contact=cast.contact, by=cast.actor(cast.ngo_manager), at=cast.at
        )
        assert (self_said.how, office.how) == ("self", "office")
        assert list(row.unread()) == [cast.other_contact]
        for user in (cast.ngo_caseworker, cast.other_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                guidance.confirm_read(
                    guidance=row, contact=cast.contact, by=cast.actor(user), at=cast.at
                )

    def test_say_so_through_the_link_of_a_mail(
        self, cast: Cast, client: Any, settings: Any
    ) -> None:
        row = stages.in_force(cast)
        contact_links.send_link(contact=cast.contact, by=cast.actor(cast.ngo_manager), at=cast.at)
        sweep(at=timezone.now(), clock=timezone.now)
        body = next(str(m.body) for m in mail.outbox if "duty@example.org" in m.to)
        start = body.index(settings.SITE_URL) + len(settings.SITE_URL)
        client.get(body[start:].split()[0])
        page = client.get(reverse("partners:contact-mine"))
        assert "I have read it" in page.text
        file = row.files.get()
        paper = client.get(reverse("partners:contact-mine-paper", args=[row.uuid, file.uuid]))
        assert paper.content == b"%PDF-1.7 invented"
        client.post(reverse("partners:contact-mine-read", args=[row.uuid]))
        receipt = GuidanceReceipt.objects.get()
        assert (receipt.contact, receipt.how) == (cast.contact, "link")
        # The link goes on working: its one answer is about the entry.
        assert "Read on" in client.get(reverse("partners:contact-mine")).text
        other = stages.in_force(cast, for_kinds=["academia"])
        assert (
            client.post(reverse("partners:contact-mine-read", args=[other.uuid])).status_code == 404
        )

    def test_are_nobody_without_a_link(self, cast: Cast, client: Any) -> None:
        row = stages.in_force(cast)
        client.post(reverse("partners:contact-mine-read", args=[row.uuid]))
        assert not GuidanceReceipt.objects.exists()


class TestReminding:
    def test_names_nobody_and_comes_once(self, cast: Cast) -> None:
        row, by = stages.in_force(cast), cast.actor(cast.co_ordinator)
        guidance.confirm_read(
            guidance=row, contact=cast.contact, by=cast.actor(cast.ngo_manager), at=cast.at
        )
        assert guidance.keep_up(cast.at + timedelta(days=13)) == 0
        late = cast.at + timedelta(days=15)
        assert (guidance.keep_up(late), guidance.keep_up(late)) == (1, 0)
        # Lantern House's deputy and Quiet Harbour's post have not.
        assert told("guidance_unread") >= {cast.ngo_manager, cast.unlisted_manager}
        assert cast.other_manager not in told("guidance_unread")
        with pytest.raises(NotPossible):
            guidance.remind_unread(guidance=row, by=by, at=late + timedelta(days=1))


class TestPages:
    def test_write_publish_and_read(self, cast: Cast, client_for: Any) -> None:
        desk = client_for(cast.co_ordinator)
        sent = {"version": 0, "title": "First talk (invented)", "summary": "Listen.",
                "for_kinds": ["cso"]}  # fmt: skip
        assert desk.post(reverse("partners:guidance-new"), sent).status_code == 302
        row = Guidance.objects.get()
        stages.paper(cast, row)
        url = reverse("partners:guidance-act", args=[row.uuid, "put_in_force"])
        assert desk.post(url).status_code == 302
        assert "0 of 3 points of contact have read it." in desk.get(row.get_absolute_url()).text
        home = client_for(cast.ngo_manager)
        page = home.get(row.get_absolute_url())
        assert "Has read it" in page.text
        url = reverse("partners:guidance-read", args=[row.uuid, cast.contact.uuid])
        assert home.post(url).status_code == 302
        assert "1 of 3 points of contact have read it." in desk.get(row.get_absolute_url()).text
        unread = desk.get(reverse("partners:guidance-unread", args=[row.uuid])).text
        assert cast.deputy.person_name in unread
        assert cast.contact.person_name not in unread

    def test_list_in_few_queries(self, cast: Cast, client_for: Any) -> None:
        for number in range(3):
            stages.in_force(cast, title=f"Guidance {number} (invented)")
        client = client_for(cast.ngo_caseworker)
        client.get(reverse("partners:guidance"))
        with at_most(8):
            client.get(reverse("partners:guidance"))
