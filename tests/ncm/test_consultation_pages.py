"""Consultations, prevention, obligations and coverage in pages: few queries, holes stand out."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from common.country import local_day
from ncm import plan_coverage
from ncm.models import Consultation, Obligation, Position, Prevention
from ncm.plan_choices import FourP
from ncm.services import consultations as services
from partners.models import Area
from tests.funding import money
from tests.ncm import plans as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def day(name: str, on: Any) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(on, part)) for part in ("day", "month", "year")}


class TestAConsultation:
    def test_goes_from_opening_to_its_outcome(self, cast: Cast, client_for: Any) -> None:
        keeper, ngo = client_for(cast.co_ordinator), client_for(cast.ngo_manager)
        plan = stages.draft(cast)
        typed = {
            "client_key": str(uuid4()), "subject": "law", "plan": str(plan.uuid),
            "stage": "drafting", "title": "Law (invented)", "proposal": "Inspectors refer.",
            **day("until_on", local_day(cast.at) + timedelta(days=9)),
        }  # fmt: skip
        new = reverse("ncm:consultation-new")
        assert "a draft law has none" in keeper.post(new, typed).content.decode()
        for _twice in range(2):
            keeper.post(new, typed | {"subject": "plan"})
        row = Consultation.objects.get()
        act = lambda name: reverse("ncm:consultation-act", args=[row.uuid, name])  # noqa: E731
        keeper.post(act("ask"), {"organisations": [str(cast.ngo.uuid), str(cast.police.uuid)]})
        ngo.post(act("say"), {"words": "Not without a lawyer."})
        position = Position.objects.get(organisation=cast.ngo)
        body = client_for(cast.other_manager).get(row.get_absolute_url()).content.decode()
        assert "Not without a lawyer." in body
        assert plan.title not in body  # a draft is named to nobody else
        href = reverse("ncm:position-answer", args=[position.uuid])
        keeper.post(href, {"answer": "partly", "reason": "In court only."})
        keeper.post(act("close"), {"outcome": "Passed with changes."})
        body = ngo.get(row.get_absolute_url()).content.decode()
        assert "Taken up in part" in body
        assert "In court only." in body
        assert "Passed with changes." in body

    def test_counts_the_social_partners(self, cast: Cast, client_for: Any) -> None:
        from partners.choices import OrganisationKind
        from partners.models import Organisation

        Organisation.objects.filter(pk=cast.other_ngo.pk).update(kind=OrganisationKind.TRADE_UNION)
        row, by = stages.consultation(cast), cast.actor(cast.co_ordinator)
        asked = [cast.ngo, cast.other_ngo]
        ask = reverse("ncm:consultation-act", args=[row.uuid, "ask"])
        form = client_for(cast.co_ordinator).get(ask).context["form"]
        assert form.fields["organisations"].queryset[0] == cast.other_ngo
        services.ask(consultation=row, organisations=asked, by=by, at=cast.at)
        body = client_for(cast.ngo_manager).get(reverse("ncm:consultations")).content.decode()
        assert "social partners: 1" in body

    def test_names_no_organisation_that_is_not_listed(self, cast: Cast, client_for: Any) -> None:
        row = stages.consultation(cast)
        services.state_position(
            consultation=row, words="Our view.", by=cast.actor(cast.unlisted_manager), at=cast.at
        )
        body = client_for(cast.ngo_manager).get(row.get_absolute_url()).content.decode()
        assert "Our view." in body
        assert "Quiet Harbour" not in body
        assert "not named, for its safety" in body

    @pytest.mark.parametrize("number", [1, 40])
    def test_list_takes_few_queries(self, cast: Cast, client_for: Any, number: int) -> None:
        for n in range(number):
            stages.consultation(cast, title=f"Law {n} (invented)")
        client = client_for(cast.ngo_manager)
        client.get(reverse("ncm:consultations"))
        with at_most(8):
            client.get(reverse("ncm:consultations"))


class TestPrevention:
    def test_shows_for_whom_where_and_with_which_civil_society(
        self, cast: Cast, client_for: Any
    ) -> None:
        row = stages.entry(cast)
        client = client_for(cast.ngo_manager)
        count = reverse("ncm:prevention-act", args=[row.uuid, "count"])
        client.post(count, {"reach": "180"})
        body = client.get(reverse("ncm:prevention")).content.decode()
        for words in ("Children", "Market square", "Open Door (invented)", "180"):
            assert words in body
        body = client.get(reverse("ncm:prevention"), {"group": "refugees"}).content.decode()
        assert "Puppets" not in body

    def test_is_entered_once_however_often_sent(self, cast: Cast, client_for: Any) -> None:
        today = local_day(cast.at)
        typed = {
            "version": "0", "client_key": str(uuid4()), "title": "Posters (invented)",
            "target_groups": ["men", "migrants"], **day("from_on", today), **day("until_on", today),
            "partners": [str(cast.other_ngo.uuid)],
        }  # fmt: skip
        client = client_for(cast.ngo_manager)
        for _twice in range(2):
            client.post(reverse("ncm:prevention-new"), typed)
        row = Prevention.objects.get()
        assert row.target_groups == ("men", "migrants")
        edit = reverse("ncm:prevention-act", args=[row.uuid, "edit"])
        stale = client.post(edit, typed | {"version": "7", "title": "Other posters"})
        assert stale.status_code == 409
        client.post(edit, typed | {"version": "1", "title": "Other posters"})
        assert stages.now(row).title == "Other posters"

    @pytest.mark.parametrize("number", [1, 40])
    def test_list_takes_few_queries(self, cast: Cast, client_for: Any, number: int) -> None:
        for n in range(number):
            stages.entry(cast, title=f"Play {n} (invented)")
        client = client_for(cast.other_manager)
        client.get(reverse("ncm:prevention"))
        with at_most(10):
            client.get(reverse("ncm:prevention"))


class TestObligations:
    def test_show_who_answers_whoever_carries_it_out(self, cast: Cast, client_for: Any) -> None:
        row = stages.obligation(cast)
        client = client_for(cast.ngo_manager)
        body = client.get(reverse("ncm:obligations")).content.decode()
        assert "CETS 197, 12(1)(a)" in body
        assert "Ministry of the Interior (invented)" in body
        body = client.get(reverse("ncm:obligation", args=[row.uuid])).content.decode()
        assert "the State body named here answers for it" in body

    def test_are_entered_and_changed_by_the_co_ordination(
        self, cast: Cast, client_for: Any
    ) -> None:
        typed = {
            "version": "0", "instrument": "CETS 197", "article": "10", "words": "Identify",
            "p": "protection", "accountable": str(cast.authority.uuid), "duty": "identification",
        }  # fmt: skip
        client = client_for(cast.co_ordinator)
        refused = client.post(
            reverse("ncm:obligation-new"), typed | {"accountable": str(cast.ngo.uuid)}
        )
        assert refused.status_code == 200
        client.post(reverse("ncm:obligation-new"), typed)
        row = Obligation.objects.get()
        edit = reverse("ncm:obligation-edit", args=[row.uuid])
        stale = client.post(
            edit, typed | {"version": "4", "p": "prosecution", "accountable": str(cast.police.uuid)}
        )
        assert stale.status_code == 409
        body = stale.content.decode()
        for words in ("Prosecution", "Protection", cast.police.name, cast.authority.name):
            assert words in body
        assert "prosecution<" not in body
        client.post(edit, typed | {"version": "1", "accountable": str(cast.police.uuid)})
        assert stages.now(row).accountable == cast.police

    @pytest.mark.parametrize("number", [1, 40])
    def test_list_takes_few_queries(self, cast: Cast, client_for: Any, number: int) -> None:
        for n in range(number):
            stages.obligation(cast, article=f"{n}")
        client = client_for(cast.ngo_manager)
        client.get(reverse("ncm:obligations"))
        with at_most(8):
            client.get(reverse("ncm:obligations"))


class TestCoverage:
    def test_shows_a_hole_where_there_is_nothing(self, cast: Cast, client_for: Any) -> None:
        Area.objects.create(
            code="XX-S", name="South", level="region", parent=Area.objects.get(code="XX")
        )
        stages.adopted(cast)
        cells = {(each.p, each.region): each for each in plan_coverage.cells(local_day(cast.at))}
        assert cells[FourP.PREVENTION, "North"].activities == 1
        assert cells[FourP.PREVENTION, "South"].activities == 0
        assert "activities" in cells[FourP.PROSECUTION, "North"].missing
        assert "services" not in cells[FourP.PARTNERSHIP, "North"].missing
        body = client_for(cast.ngo_manager).get(reverse("ncm:coverage")).content.decode()
        assert "Hole" in body

    def test_reaches_from_the_whole_country_into_each_region(self, cast: Cast) -> None:
        plan = stages.adopted(cast)
        for row in plan.activities.all():
            row.areas.clear()
        cells = plan_coverage.cells(local_day(cast.at), below=cast.area.path)
        assert {each.region for each in cells} == {"North"}
        assert [each.activities for each in cells] == [1, 1, 0, 0]

    def test_counts_money_that_runs_by_currency(self, cast: Cast) -> None:
        award = money.in_force(cast)
        cells = plan_coverage.cells(local_day(cast.at))
        found = [each for each in cells if each.money]
        assert found
        assert all(list(each.money) == [award.currency] for each in found)
        assert all(each.money[award.currency] == Decimal(award.amount) for each in found)

    def test_takes_few_queries(self, cast: Cast, client_for: Any) -> None:
        plan = stages.adopted(cast)
        stages.many(cast, plan, 60)
        client = client_for(cast.ngo_manager)
        client.get(reverse("ncm:coverage"))
        with at_most(10):
            client.get(reverse("ncm:coverage"))
