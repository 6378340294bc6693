"""Agreements in pages: writing one, the list, signing, and duties that nobody covers any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common.country import local_day
from partners.deed_choices import AgreementState, ClauseKind
from partners.models import Agreement, AgreementFile, DelegatedDuty
from partners.services import agreements
from tests.partners import deeds
from tests.partners.test_agreements import PDF
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:agreements")
DUTIES = reverse("partners:duties")
S = AgreementState


def url(row: Agreement, name: str = "", kind: str = "act") -> str:
    if not name:
        return row.get_absolute_url()
    return reverse(f"partners:agreement-{kind}", args=[row.uuid, name])


def day(name: str, on: Any) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


def text(cast: Cast, **changes: Any) -> dict[str, Any]:
    today = local_day(cast.at)
    return {
        "version": "0", "client_key": "6e0e7f0c-6a52-4f0d-9b7e-0f4a4b0a7c11",
        "title": "Night line (invented)", "purpose": "A line that answers.", "notice_days": "60",
        **day("from_on", today), **day("until_on", today + timedelta(days=90)), **changes,
    }  # fmt: skip


class TestWriting:
    def test_goes_page_by_page_to_the_parties(self, cast: Cast, client_for: Any) -> None:
        client = client_for(cast.co_ordinator)
        for _twice in range(2):
            client.post(reverse("partners:agreement-new"), text(cast))
        row = Agreement.objects.get()
        for organisation, who in ((cast.ministry, "Vera Sample"), (cast.ngo, "Jon Sample")):
            party = {"organisation": str(organisation.pk), "signatory_name": who}
            client.post(url(row, "parties", "page"), party)
        duty = {
            "duty": "helpline", "area": str(cast.area.pk), "delegated_by": str(cast.ministry.pk),
            "carried_by": str(cast.ngo.pk), "legal_basis": "Invented act", "funding": "state",
        }  # fmt: skip
        client.post(url(row, "duties", "page"), duty)
        said = {kind.value: "absent" for kind in ClauseKind}
        version = str(deeds.now(row).version)
        client.post(url(row, "clauses", "page"), {"version": version, **said})
        body = client.get(url(row)).content.decode()
        assert "To do" not in body.split("What happened so far")[0]
        client.post(url(row, "send"))
        assert deeds.now(row).state == S.IN_REVIEW
        assert DelegatedDuty.objects.get().duty == "helpline"

    def test_says_where_a_clause_stands(self, cast: Cast, client_for: Any) -> None:
        row = deeds.draft(cast)
        data = {"version": str(row.version), "consent": "present"}
        response = client_for(cast.co_ordinator).post(url(row, "clauses", "page"), data)
        assert list(response.context["form"].errors) == ["consent_where"]

    def test_takes_parties_and_duties_out(self, cast: Cast, client_for: Any) -> None:
        row, client = deeds.draft(cast), client_for(cast.co_ordinator)
        duty = DelegatedDuty.objects.get()
        client.post(url(row, "duties", "page"), {"remove": str(duty.uuid)})
        ngo = row.parties.get(organisation=cast.ngo)
        client.post(url(row, "parties", "page"), {"remove": str(ngo.uuid)})
        assert not DelegatedDuty.objects.exists()
        assert row.parties.count() == 1
        assert client.post(url(row, "parties", "page"), {"remove": "x"}).status_code == 404

    def test_shows_both_texts_when_a_colleague_was_faster(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = deeds.draft(cast)
        agreements.change_text(
            agreement=row, by=cast.actor(cast.second_co_ordinator), at=cast.at,
            version=row.version, title="Their title",
        )  # fmt: skip
        client = client_for(cast.co_ordinator)
        mine = text(cast, version=str(row.version))
        response = client.post(url(row, "text", "page"), mine)
        assert response.status_code == 409
        assert "Their title" in response.content.decode()
        again = dict(response.context["again"])
        assert client.post(url(row, "text", "page"), again).status_code == 302
        assert deeds.now(row).title == "Night line (invented)"

    def test_shows_both_answers_about_the_clauses_too(self, cast: Cast, client_for: Any) -> None:
        row = deeds.checked(cast)
        data = {"version": str(row.version - 1), "cost": "absent"}
        response = client_for(cast.co_ordinator).post(url(row, "clauses", "page"), data)
        assert response.status_code == 409
        assert "It is missing" in response.content.decode()

    def test_refuses_days_in_the_wrong_order(self, cast: Cast, client_for: Any) -> None:
        before = local_day(cast.at) - timedelta(days=1)
        data = text(cast, **day("until_on", before))
        response = client_for(cast.co_ordinator).post(reverse("partners:agreement-new"), data)
        assert "until_on" in response.context["form"].errors


class TestActs:
    def test_sign_and_come_into_force(self, cast: Cast, client_for: Any) -> None:
        row = deeds.in_review(cast)
        today = local_day(cast.at)
        for user, organisation in (
            (cast.co_ordinator, cast.ministry),
            (cast.ngo_manager, cast.ngo),
        ):
            client = client_for(user)
            assert "Sign" in client.get(url(row)).content.decode()
            party = row.parties.get(organisation=organisation)
            data = {"party": str(party.uuid), "name": "Vera Sample", **day("on", today)}
            client.post(url(row, "sign"), data)
        assert deeds.now(row).state == S.ACTIVE

    def test_are_refused_to_others(self, cast: Cast, client_for: Any) -> None:
        row = deeds.in_review(cast)
        assert client_for(cast.other_manager).get(url(row, "sign")).status_code == 404
        assert client_for(cast.ngo_caseworker).get(url(row, "sign")).status_code == 403
        assert client_for(cast.ngo_manager).get(url(row, "take_back")).status_code == 403
        assert client_for(cast.ngo_manager).get(url(row, "end")).status_code == 404

    def test_give_notice_that_is_kept(self, cast: Cast, client_for: Any) -> None:
        row, client = deeds.signed(cast), client_for(cast.ngo_manager)
        soon = local_day(cast.at) + timedelta(days=3)
        data = {"reason": "money", "words": "It was not paid.", **day("ends_on", soon)}
        assert "ends_on" in client.post(url(row, "give_notice"), data).context["form"].errors
        later = day("ends_on", local_day(cast.at) + timedelta(days=30))
        client.post(url(row, "give_notice"), {**data, **later})
        assert "has given notice" in client_for(cast.co_ordinator).get(url(row)).content.decode()

    def test_renew_and_amend(self, cast: Cast, client_for: Any) -> None:
        row, client = deeds.signed(cast), client_for(cast.co_ordinator)
        client.post(url(row, "amend"), {"title": "More beds", "words": "Eight."})
        amendment = row.amendments.get()
        page = reverse("partners:amendment-act", args=[row.uuid, amendment.uuid, "sign"])
        for user, organisation in (
            (cast.co_ordinator, cast.ministry),
            (cast.ngo_manager, cast.ngo),
        ):
            party = row.parties.get(organisation=organisation)
            data = {"party": str(party.uuid), "name": "V. Sample", **day("on", local_day(cast.at))}
            client_for(user).post(page, data)
        assert row.amendments.get().state == "in_force"
        response = client.post(url(row, "renew"))
        new = Agreement.objects.get(renews=row)
        assert response["Location"] == new.get_absolute_url()
        assert "It is renewed by" in client.get(url(row)).content.decode()


class TestPapers:
    def test_are_added_and_handed_out_to_the_parties(self, cast: Cast, client_for: Any) -> None:
        row, client = deeds.in_review(cast), client_for(cast.ngo_manager)
        paper = SimpleUploadedFile("signed.pdf", PDF)
        client.post(url(row, "papers", "page"), {"title": "Signed copy", "file": paper})
        made = AgreementFile.objects.get()
        there = reverse("partners:agreement-file", args=[row.uuid, made.uuid])
        answer = client.get(there)
        assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
        assert "attachment" in answer["Content-Disposition"]
        assert client_for(cast.other_manager).get(there).status_code == 404

    def test_that_are_no_papers_are_refused_in_words(self, cast: Cast, client_for: Any) -> None:
        row, client = deeds.draft(cast), client_for(cast.co_ordinator)
        paper = SimpleUploadedFile("a.pdf", b"<html>")
        body = client.post(
            url(row, "papers", "page"), {"title": "Text", "file": paper}
        ).content.decode()
        assert "Only PDF, Word, OpenDocument text, PNG and JPEG are taken." in body


class TestTheList:
    @pytest.mark.parametrize("number", [1, 20])
    def test_asks_no_more_for_many(self, number: int, cast: Cast, client_for: Any) -> None:
        for _n in range(number):
            deeds.in_review(cast)
        client = client_for(cast.co_ordinator)
        with at_most(8):
            response = client.get(LIST)
        assert len(response.context["rows"]) == number

    def test_narrows_to_what_waits_for_ones_signature(self, cast: Cast, client_for: Any) -> None:
        deeds.signed(cast)
        waiting = deeds.in_review(cast)
        client = client_for(cast.ngo_manager)
        rows = client.get(LIST, {"waits": "signature"}).context["rows"]
        assert [row[0]["href"] for row in rows] == [url(waiting)]
        assert "No agreement matches" in client.get(LIST, {"title": "zzz"}).content.decode()

    def test_says_what_to_do_while_there_is_none(self, cast: Cast, client_for: Any) -> None:
        assert "Write an agreement" in client_for(cast.ngo_manager).get(LIST).content.decode()

    def test_carries_no_name_in_a_title(self, cast: Cast, client_for: Any) -> None:
        row = deeds.in_review(cast)
        body = client_for(cast.ngo_manager).get(url(row)).content.decode()
        assert deeds.TITLE not in body.split("</title>")[0]


class TestDuties:
    def cells(self, client: Any) -> list[str]:
        return [row[2]["text"] for row in client.get(DUTIES).context["rows"]]

    def test_are_covered_while_an_agreement_holds_and_uncovered_after(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = deeds.signed(cast, days=10)
        for user in (cast.co_ordinator, cast.ngo_manager):
            assert self.cells(client_for(user)) == ["Covered"]
        agreements.keep_up(cast.at + timedelta(days=1))
        agreements.keep_up(cast.at + timedelta(days=11))
        assert deeds.now(row).state == S.ENDED
        client = client_for(cast.co_ordinator)
        assert self.cells(client) == ["Uncovered"]
        assert "1 delegated duty is covered by nobody." in client.get(DUTIES).content.decode()
        assert self.cells(client_for(cast.other_manager)) == []

    def test_are_covered_by_an_agreement_for_a_larger_area(
        self, cast: Cast, client_for: Any
    ) -> None:
        deeds.signed(cast, days=10)
        agreements.keep_up(cast.at + timedelta(days=1))
        agreements.keep_up(cast.at + timedelta(days=11))
        wide = deeds.signed(cast)
        wide.duties.update(area=cast.area.parent)
        rows = client_for(cast.ngo_manager).get(DUTIES).context["rows"]
        assert [row[2]["text"] for row in rows] == ["Covered", "Covered"]
        assert "larger area" in rows[1][2]["note"]

    def test_begin_again_with_an_agreement_that_is_signed(
        self, cast: Cast, client_for: Any
    ) -> None:
        deeds.signed(cast, days=10)
        agreements.keep_up(cast.at + timedelta(days=1))
        agreements.keep_up(cast.at + timedelta(days=11))
        deeds.signed(cast, from_on=local_day(cast.at) + timedelta(days=20))
        row = client_for(cast.co_ordinator).get(DUTIES).context["rows"][0]
        assert row[2]["text"] == "Uncovered"
        assert "again" in row[2]["note"]

    @pytest.mark.parametrize("number", [1, 12])
    def test_ask_no_more_for_many(self, number: int, cast: Cast, client_for: Any) -> None:
        for _n in range(number):
            deeds.signed(cast)
        client = client_for(cast.ngo_manager)
        with at_most(8):
            client.get(DUTIES)
