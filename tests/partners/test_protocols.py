"""Local protocols: writing, signatures, the chain with whoever answers now, versions."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from common.workflow import NotAllowed, NotPossible, Stale
from partners.choices import ContactStatus
from partners.facility_choices import ProtocolState
from partners.models import LocalProtocol
from partners.protocol_workflow import PROTOCOL
from partners.services import contacts, protocols
from tests.partners import access_stages as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
S = ProtocolState
LIST = reverse("partners:protocols")


def now(row: LocalProtocol) -> LocalProtocol:
    return LocalProtocol.objects.get(pk=row.pk)


class TestTheTable:
    def test_reaches_every_state(self) -> None:
        PROTOCOL.assert_complete(ProtocolState.values)


class TestADraft:
    def test_needs_two_signatures_and_a_chain(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        with pytest.raises(NotPossible):
            PROTOCOL.apply(stages.protocol(cast, signed=False), "put_in_force", by=by, at=cast.at)
        row = stages.protocol(cast)
        for step in row.steps.all():
            protocols.remove_part(protocol=row, part=step.uuid, by=by, at=cast.at)
        with pytest.raises(NotPossible):
            PROTOCOL.apply(now(row), "put_in_force", by=by, at=cast.at)

    def test_keeps_the_chain_in_order_when_a_step_goes(self, cast: Cast) -> None:
        row, by = stages.protocol(cast), cast.actor(cast.ngo_manager)
        protocols.remove_part(protocol=row, part=row.steps.get(rank=1).uuid, by=by, at=cast.at)
        assert [(s.rank, s.what) for s in row.steps.all()] == [(1, "Tell the drop-in centre")]

    def test_is_its_keepers_and_not_of_who_was_slower(self, cast: Cast) -> None:
        row, by = stages.protocol(cast), cast.actor(cast.ngo_manager)
        with pytest.raises(NotAllowed):
            protocols.change_text(
                protocol=row, by=cast.actor(cast.other_manager), at=cast.at, version=row.version,
                title="Ours",
            )  # fmt: skip
        with pytest.raises(Stale):
            protocols.change_text(protocol=row, by=by, at=cast.at, version=1, title="Old")

    def test_is_not_read_by_others(self, cast: Cast, client_for: Any) -> None:
        row = stages.protocol(cast)
        for user, status in ((cast.other_manager, 200), (cast.co_ordinator, 404)):
            assert client_for(user).get(row.get_absolute_url()).status_code == status


class TestInForce:
    def test_is_read_by_every_member_with_whoever_answers_now(
        self, cast: Cast, client_for: Any
    ) -> None:
        row, client = stages.in_force(cast), client_for(cast.co_ordinator)
        body = client.get(row.get_absolute_url()).content.decode()
        assert "+000 111" in body
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(
            contact=cast.contact, status=ContactStatus.REASSIGNED, by=by, at=cast.at
        )
        body = client.get(row.get_absolute_url()).content.decode()
        assert "+000 222" in body
        assert "+000 111" not in body

    def test_names_no_organisation_that_the_reader_may_not_see(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = stages.protocol(cast)
        row.steps.filter(rank=1).update(organisation=cast.unlisted_ngo, contact=cast.other_contact)
        by = cast.actor(cast.ngo_manager)
        PROTOCOL.apply(row, "put_in_force", by=by, at=cast.at)
        body = client_for(cast.officer).get(row.get_absolute_url()).content.decode()
        assert "Quiet Harbour" not in body
        assert "+000 333" not in body
        assert "not shown to you" in body

    def test_gives_way_to_the_next_version(self, cast: Cast) -> None:
        row, by = stages.in_force(cast), cast.actor(cast.ngo_manager)
        new = protocols.next_version(protocol=row, by=by, at=cast.at)
        assert protocols.next_version(protocol=row, by=by, at=cast.at) == new
        assert (new.number, new.steps.count()) == (2, 2)
        with pytest.raises(NotPossible):  # signatures are given anew
            PROTOCOL.apply(new, "put_in_force", by=by, at=cast.at)
        for each in new.signatories.all():
            protocols.name_signatory(
                protocol=new, organisation=each.organisation, name=each.name,
                signed_on=stages.day(cast), by=by, at=cast.at,
            )  # fmt: skip
        PROTOCOL.apply(now(new), "put_in_force", by=by, at=cast.at)
        assert now(row).state == S.REPLACED

    def test_ends_after_its_last_day(self, cast: Cast) -> None:
        row = stages.in_force(cast)
        LocalProtocol.objects.filter(pk=row.pk).update(until_on=stages.day(cast, 2))
        assert protocols.keep_up(cast.at + timedelta(days=2)) == 0
        assert protocols.keep_up(cast.at + timedelta(days=3)) == 1
        assert (now(row).state, now(row).until_on) == (S.ENDED, stages.day(cast, 2))


class TestPages:
    def test_write_one_and_put_it_in_force(self, cast: Cast, client_for: Any) -> None:
        client = client_for(cast.ngo_manager)
        text = {
            "version": "0", "client_key": str(uuid4()), "title": "Night (invented)",
            "area": str(cast.area.pk), "procedure": "Call first.",
        }  # fmt: skip
        client.post(reverse("partners:protocol-new"), text)
        row = LocalProtocol.objects.get()
        when = {f"signed_on_{p}": str(getattr(stages.day(cast), p))
                for p in ("day", "month", "year")}  # fmt: skip
        page = reverse("partners:protocol-page", args=[row.uuid, "signatories"])
        for organisation in (cast.ngo, cast.other_ngo):
            data = {"organisation": str(organisation.pk), "name": "Ona Sample", **when}
            client.post(page, data)
        chain = reverse("partners:protocol-page", args=[row.uuid, "chain"])
        step = {"what": "Ask for a bed", "organisation": str(cast.ngo.pk)}
        wrong = {**step, "organisation": str(cast.other_ngo.pk), "contact": str(cast.contact.pk)}
        assert "contact" in client.post(chain, wrong).context["form"].errors
        client.post(chain, step)
        client.post(reverse("partners:protocol-act", args=[row.uuid, "put_in_force"]))
        assert now(row).state == S.IN_FORCE
        client.post(reverse("partners:protocol-act", args=[row.uuid, "end"]), {"comment": "Over."})
        assert now(row).state == S.ENDED

    def test_show_both_texts_when_a_colleague_was_faster(self, cast: Cast, client_for: Any) -> None:
        row = stages.protocol(cast)
        data = {
            "version": "1", "title": "Mine", "area": str(cast.area.pk), "procedure": "Write first.",
        }  # fmt: skip
        page = reverse("partners:protocol-page", args=[row.uuid, "text"])
        response = client_for(cast.ngo_manager).post(page, data)
        assert response.status_code == 409
        assert "Call first, then write." in response.content.decode()

    @pytest.mark.parametrize("number", [1, 15])
    def test_ask_no_more_for_many(self, number: int, cast: Cast, client_for: Any) -> None:
        for _n in range(number):
            row = stages.in_force(cast)
        client = client_for(cast.other_manager)
        with at_most(8):
            assert len(client.get(LIST).context["rows"]) == number
        with at_most(20):
            client.get(row.get_absolute_url())

    def test_find_what_holds_in_an_area(self, cast: Cast, client_for: Any) -> None:
        stages.in_force(cast)
        client = client_for(cast.other_manager)
        for code, number in (("XX", 1), ("XX-N", 1)):
            assert len(client.get(LIST, {"area": code}).context["rows"]) == number
