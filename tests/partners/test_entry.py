"""A member changes its entry: trifles at once, weighty parts after review; "still correct"."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from deadlines.models import Notice
from partners.change_workflow import CHANGE, CHANGE_EVENTS
from partners.choices import Capacity, ChangeState, EventKind
from partners.models import ChangeRequest, HeldCapacity, Organisation
from partners.services import changes
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
ENTRY = reverse("partners:entry")
QUEUE = reverse("partners:changes")


def ngo(cast: Cast) -> Organisation:
    return Organisation.objects.get(pk=cast.ngo.pk)


@pytest.fixture(autouse=True)
def _entry(cast: Cast) -> None:
    """Lantern House with a full entry; the cast founds it with a name and capacities only."""
    Organisation.objects.filter(pk=cast.ngo.pk).update(
        level="local",
        cso_class="general_service",
        description="Meals.",
        languages=["en"],
        email="office@example.org",
        registration_number="R-1",
    )


def change(cast: Cast, who: str = "ngo_manager", **answers) -> changes.Changed:
    return changes.change_entry(
        organisation=cast.ngo,
        by=cast.actor(getattr(cast, who)),
        at=cast.at,
        version=answers.pop("version", ngo(cast).version),
        **answers,
    )


def decide(cast: Cast, request: ChangeRequest, name: str, who: str = "co_ordinator", **more):
    return CHANGE.apply(request, name, by=cast.actor(getattr(cast, who)), at=cast.at, **more)


class TestTheTable:
    def test_is_complete(self) -> None:
        CHANGE.assert_complete(ChangeState.values)
        assert set(CHANGE_EVENTS) == {each.name for each in CHANGE.transitions}


class TestChanging:
    def test_holds_at_once_for_trifles(self, cast: Cast) -> None:
        changed = change(cast, phone="+000 900", description="Meals and advice.")
        assert (changed.request, len(changed.at_once)) == (None, 2)
        assert ngo(cast).phone == "+000 900"
        assert ngo(cast).events.get(kind=EventKind.CHANGED).comment == (
            "What the organisation does, Office phone"
        )

    def test_waits_for_review_where_others_rely_on_it(self, cast: Cast) -> None:
        changed = change(cast, name="Lantern (invented)", short_name="LH")
        assert changed.request.changes == {"name": "Lantern (invented)"}
        assert (ngo(cast).name, ngo(cast).short_name) == ("Lantern House (invented)", "LH")
        told = Notice.objects.filter(kind="change_asked")
        assert {n.recipient for n in told} == {cast.co_ordinator, cast.second_co_ordinator}
        decide(cast, changed.request, "agree")
        assert ngo(cast).name == "Lantern (invented)"
        assert Notice.objects.filter(kind="change_decided", recipient=cast.ngo_manager).exists()

    def test_gives_and_ends_capacities_when_it_is_agreed(self, cast: Cast) -> None:
        changed = change(cast, capacities=[Capacity.FIRST_RESPONDER, Capacity.WATCHDOG])
        assert ngo(cast).held_capacities() == ["first_responder", "service_provider"]
        decide(cast, changed.request, "agree")
        assert ngo(cast).held_capacities() == ["first_responder", "watchdog"]
        ended = HeldCapacity.objects.get(organisation=cast.ngo, capacity="service_provider")
        assert ended.ended_at == cast.at

    def test_carries_out_registration_and_area(self, cast: Cast) -> None:
        changed = change(cast, registration_number="R-2", area=cast.area.parent)
        decide(cast, changed.request, "agree")
        assert (ngo(cast).registration_number, ngo(cast).area) == ("R-2", cast.area.parent)

    def test_keeps_one_request_with_what_was_asked_before(self, cast: Cast) -> None:
        first = change(cast, name="One (invented)", level="national").request
        second = change(cast, name="Two (invented)").request
        assert second.changes == {"name": "Two (invented)", "level": "national"}
        assert ChangeRequest.objects.get(pk=first.pk).state == ChangeState.WITHDRAWN
        with pytest.raises(IntegrityError), transaction.atomic():
            ChangeRequest.objects.filter(pk=first.pk).update(state=ChangeState.OPEN)

    def test_leaves_nothing_empty_that_a_member_needs(self, cast: Cast) -> None:
        for wrong in ({"description": ""}, {"name": ""}, {"capacities": []}, {"languages": []}):
            with pytest.raises(NotPossible):
                change(cast, **wrong)
        assert not ChangeRequest.objects.exists()

    def test_is_its_own_managers(self, cast: Cast) -> None:
        for who in ("ngo_caseworker", "other_manager", "co_ordinator"):
            with pytest.raises(NotAllowed):
                change(cast, who, phone="+000")
        with pytest.raises(Stale):
            change(cast, phone="+000", version=99)


class TestDeciding:
    def test_says_why_when_it_declines(self, cast: Cast) -> None:
        request = change(cast, name="Lantern (invented)").request
        with pytest.raises(MissingAnswers):
            decide(cast, request, "decline")
        decide(cast, request, "decline", words="Another member has this name.")
        assert ngo(cast).name == "Lantern House (invented)"

    def test_is_a_reviewers_and_taking_back_the_organisations(self, cast: Cast) -> None:
        request = change(cast, name="Lantern (invented)").request
        for who in ("ngo_manager", "other_manager", "rapporteur"):
            with pytest.raises(NotAllowed):
                decide(cast, request, "agree", who)
        with pytest.raises(NotAllowed):
            decide(cast, request, "withdraw", "other_manager")
        assert decide(cast, request, "withdraw", "ngo_manager").state == ChangeState.WITHDRAWN

    def test_of_the_reviewers_own_entry_is_a_colleagues(self, cast: Cast) -> None:
        request = ChangeRequest.objects.create(
            organisation=cast.ministry,
            changes={"level": "local"},
            asked_at=cast.at,
            asked_by=cast.co_ordinator,
        )
        with pytest.raises(NotAllowed):
            decide(cast, request, "agree", "co_ordinator")
        assert decide(cast, request, "agree", "second_co_ordinator").state == ChangeState.AGREED


class TestStillCorrect:
    def test_is_one_click_and_shown_to_others_by_day(self, cast: Cast, client_for) -> None:
        other = client_for(cast.other_manager)
        url = cast.ngo.get_absolute_url()
        assert "Not confirmed yet" in other.get(url).content.decode()
        client_for(cast.ngo_manager).post(reverse("partners:entry-correct"))
        assert ngo(cast).verified_by == cast.ngo_manager
        body = other.get(url).content.decode()
        assert "Not confirmed yet" not in body
        assert cast.ngo_manager.display_name not in body

    def test_is_not_said_by_changing_something(self, cast: Cast) -> None:
        change(cast, phone="+000 900")
        assert ngo(cast).verified_on is None

    def test_names_day_and_person_together(self, cast: Cast) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.filter(pk=cast.ngo.pk).update(verified_on=cast.at.date())


class TestPages:
    def test_lead_from_the_change_to_the_review(self, cast: Cast, client_for) -> None:
        office, desk = client_for(cast.ngo_manager), client_for(cast.co_ordinator)
        page = reverse("partners:entry-page", args=["about"])
        assert page in office.get(ENTRY).content.decode()
        form = office.get(page).context["form"]
        given = {name: form[name].value() or "" for name in form.fields}
        answer = office.post(page, given | {"name": "Lantern (invented)", "short_name": "LH"})
        assert answer["Location"] == ENTRY
        request = ChangeRequest.objects.get()
        here = reverse("partners:change", args=[request.uuid])
        assert here in office.get(ENTRY).content.decode()
        assert here in desk.get(QUEUE).content.decode()
        body = desk.get(here).content.decode()
        assert "Lantern House (invented)" in body
        assert "Lantern (invented)" in body
        decline = reverse("partners:change-act", args=[request.uuid, "decline"])
        assert "stands against" in desk.post(decline, {"version": 1}).content.decode()
        agree = reverse("partners:change-act", args=[request.uuid, "agree"])
        assert desk.post(agree, {"version": 1})["Location"] == here
        assert ngo(cast).name == "Lantern (invented)"

    def test_say_what_cannot_be_left_empty(self, cast: Cast, client_for) -> None:
        page = reverse("partners:entry-page", args=["work"])
        client = client_for(cast.ngo_manager)
        form = client.get(page).context["form"]
        given = {name: form[name].value() or "" for name in form.fields} | {"description": ""}
        assert "cannot be left empty" in client.post(page, given).content.decode()

    def test_show_both_when_a_colleague_was_faster(self, cast: Cast, client_for) -> None:
        page = reverse("partners:entry-page", args=["reach"])
        client = client_for(cast.ngo_manager)
        form = client.get(page).context["form"]
        given = {name: form[name].value() or "" for name in form.fields}
        change(cast, phone="+000 901")
        answer = client.post(page, given | {"phone": "+000 902"})
        assert answer.status_code == 409
        assert "+000 901" in answer.content.decode()
        assert "+000 902" in answer.content.decode()

    @pytest.mark.parametrize("number", [1, 30])
    def test_ask_no_more_for_thirty(self, cast: Cast, client_for, number: int) -> None:
        places = [cast.ngo, *Organisation.objects.bulk_create(
            Organisation(name=f"Member {n} (invented)", kind="cso", created_at=cast.at)
            for n in range(number - 1)
        )]  # fmt: skip
        ChangeRequest.objects.bulk_create(
            ChangeRequest(
                organisation=each, changes={"level": "local"},
                asked_at=cast.at, asked_by=cast.ngo_manager,
            )
            for each in places
        )  # fmt: skip
        client = client_for(cast.co_ordinator)
        with at_most(8):
            client.get(QUEUE)
