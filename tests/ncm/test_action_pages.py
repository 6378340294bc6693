"""Action points in pages: the list and its filters, one action point, its acts, the file."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape

from accounts.models import AccessLog
from ncm.action_choices import ActionState, Priority
from ncm.models import ActionPoint
from ncm.plan_choices import FourP
from tests.ncm import actions, plans, sittings
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db]
LIST = reverse("ncm:actions")
S = ActionState


def titles(page) -> list[str]:
    return [row[0]["text"] for row in page.context["rows"]]


def days(on) -> dict[str, int]:
    return {"due_on_day": on.day, "due_on_month": on.month, "due_on_year": on.year}


def many(cast: Cast, number: int) -> None:
    first = actions.made(cast)
    rows = [
        ActionPoint(
            reference=f"AP-{n:04}-0000", client_key=None, title=f"Many {n}", todo="Do it.",
            pillar=FourP.PREVENTION, by_organisation=first.by_organisation,
            responsible=first.responsible, due_on=first.due_on, made_at=cast.at,
            made_by=first.made_by,
        )
        for n in range(number)
    ]  # fmt: skip
    for row in rows:
        row.client_key = row.uuid
    ActionPoint.objects.bulk_create(rows)


class TestTheList:
    @pytest.mark.parametrize("number", [1, 500])
    def test_asks_few_questions_however_long_it_is(
        self, cast: Cast, client_for, number: int
    ) -> None:
        many(cast, number)
        client = client_for(cast.co_ordinator)
        with at_most(8):
            assert client.get(LIST).status_code == 200
        with at_most(8):
            assert client.get(LIST, {"state": "late", "show": "ours"}).status_code == 200

    def test_is_narrowed_by_whose_state_and_area(self, cast: Cast, client_for) -> None:
        late = actions.made(cast, title="Late (invented)")
        ActionPoint.objects.filter(pk=late.pk).update(
            due_on=actions.today(cast) - timedelta(days=1)
        )
        mine = actions.own(cast, title="Mine (invented)", pillar=FourP.PARTNERSHIP)
        actions.act(cast, mine, "assign", cast.ngo_manager, responsible_person=cast.ngo_manager)
        urgent = actions.reported(cast, actions.urgent(cast))
        client = client_for(cast.ngo_manager)
        assert len(titles(client.get(LIST))) == 3
        assert titles(client.get(LIST, {"state": "late"})) == ["Late (invented)"]
        assert titles(client.get(LIST, {"show": "mine"})) == ["Mine (invented)"]
        assert titles(client.get(LIST, {"show": "given"})) == ["Mine (invented)"]
        assert titles(client.get(LIST, {"pillar": "partnership"})) == ["Mine (invented)"]
        assert titles(client.get(LIST, {"state": "waits"})) == []
        second = client_for(cast.second_co_ordinator)
        assert titles(second.get(LIST, {"state": "waits"})) == [urgent.title]

    def test_names_no_organisation_that_is_not_shown(self, cast: Cast, client_for) -> None:
        actions.made(cast, responsible=cast.unlisted_ngo)
        body = client_for(cast.rapporteur).get(LIST).content.decode()
        assert "An organisation that is not named, for its safety" in body
        assert cast.unlisted_ngo.name not in body
        seen = client_for(cast.co_ordinator).get(LIST).content.decode()
        assert escape(cast.unlisted_ngo.name) in seen

    def test_says_what_to_do_where_there_is_nothing(self, cast: Cast, client_for) -> None:
        assert "Make an action point" in client_for(cast.ngo_manager).get(LIST).content.decode()
        narrowed = client_for(cast.ngo_manager).get(LIST, {"state": "late"}).content.decode()
        assert "Take away one of the filters" in narrowed


class TestTheFile:
    def test_is_what_the_filter_shows_without_formulas_and_in_the_log(
        self, cast: Cast, client_for
    ) -> None:
        actions.made(cast, title="=cmd()|calc (invented)")
        actions.made(cast, title="Other", responsible=cast.unlisted_ngo)
        answer = client_for(cast.rapporteur).get(reverse("ncm:actions-file"))
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) == 3
        assert any(row[1] == "'=cmd()|calc (invented)" for row in rows)
        assert cast.unlisted_ngo.name not in answer.content.decode()
        assert AccessLog.objects.filter(action="export").count() == 1


class TestOne:
    def test_is_shown_with_few_questions_and_what_each_side_can_do(
        self, cast: Cast, client_for
    ) -> None:
        row = actions.made(cast)

        def acts(user) -> set[str]:
            page = client_for(user).get(row.get_absolute_url())
            return {each["href"].rstrip("/").rpartition("/")[2] for each in page.context["acts"]}

        client = client_for(cast.ngo_manager)
        with at_most(10):
            client.get(row.get_absolute_url())
        assert acts(cast.ngo_manager) == {"begin", "assign", "report", "papers"}
        assert acts(cast.co_ordinator) == {"move", "cancel", "text"}
        row = actions.reported(cast, row)
        assert acts(cast.ngo_manager) == set()
        assert acts(cast.co_ordinator) == {"verify", "send_back"}

    def test_tells_the_one_who_may_not_verify_why(self, cast: Cast, client_for) -> None:
        row = actions.reported(cast, actions.urgent(cast))
        body = client_for(cast.co_ordinator).get(row.get_absolute_url()).content.decode()
        assert "A second person sees whether it is done" in body
        post = client_for(cast.co_ordinator).post(
            reverse("ncm:action-act", args=[row.uuid, "verify"]), follow=True
        )
        assert "A second person" in post.content.decode()
        row.refresh_from_db()
        assert row.state == S.REPORTED

    def test_names_people_to_their_own_organisation_only(self, cast: Cast, client_for) -> None:
        row = actions.made(cast)
        actions.act(cast, row, "assign", cast.ngo_manager, responsible_person=cast.ngo_caseworker)
        name = escape(cast.ngo_caseworker.display_name)
        assert name in client_for(cast.ngo_manager).get(row.get_absolute_url()).content.decode()
        body = client_for(cast.co_ordinator).get(row.get_absolute_url()).content.decode()
        assert name not in body


class TestActs:
    def test_are_made_done_and_verified_in_pages(self, cast: Cast, client_for) -> None:
        desk, office = client_for(cast.co_ordinator), client_for(cast.ngo_manager)
        form = desk.get(reverse("ncm:action-new")).context["form"]
        on = actions.today(cast) + timedelta(days=9)
        given = {
            "client_key": str(form.initial["client_key"]), "title": "Night line (invented)",
            "todo": "Two people.", "pillar": "protection", "priority": Priority.NORMAL,
            "responsible": str(cast.ngo.uuid), **days(on),
        }  # fmt: skip
        for _twice in range(2):
            desk.post(reverse("ncm:action-new"), given)
        row = ActionPoint.objects.get()
        assert (row.responsible, row.due_on) == (cast.ngo, on)

        def post(client, name: str, **data) -> str:
            href = reverse("ncm:action-act", args=[row.uuid, name])
            return client.post(href, data, follow=True).content.decode()

        post(office, "begin")
        paper = SimpleUploadedFile("order.txt", b"Order 12")
        post(office, "papers", title="Order", file=paper)
        assert "Say what shows" in office.get(
            reverse("ncm:action-act", args=[row.uuid, "report"])
        ).content.decode()  # fmt: skip
        post(office, "report", comment="Both are named.", evidence="")
        post(desk, "send_back", comment="Who?", **days(on + timedelta(days=2)))
        post(office, "report", comment="Two.", evidence="Order 12")
        href = reverse("ncm:action-file", args=[row.uuid, row.files.get().uuid])
        assert desk.get(href).content == b"Order 12"
        assert "Verified" in post(desk, "verify")
        row.refresh_from_db()
        assert row.state == S.VERIFIED

    def test_refuse_in_words_what_is_missing(self, cast: Cast, client_for) -> None:
        row = actions.made(cast)
        href = reverse("ncm:action-act", args=[row.uuid, "report"])
        page = client_for(cast.ngo_manager).post(href, {"comment": "Done", "evidence": ""})
        assert "or add a document first" in page.content.decode()
        day = {"comment": "Why", **days(actions.today(cast) - timedelta(days=3))}
        href = reverse("ncm:action-act", args=[row.uuid, "move"])
        page = client_for(cast.co_ordinator).post(href, day)
        assert "Give a day to come" in page.content.decode()

    def test_of_changing_the_text_show_both_when_two_wrote(self, cast: Cast, client_for) -> None:
        row = actions.made(cast)
        href = reverse("ncm:action-act", args=[row.uuid, "text"])
        text = {"title": "Mine", "todo": "A", "pillar": "partnership", "version": row.version}
        assert client_for(cast.second_co_ordinator).post(href, text).status_code == 302
        text |= {"title": "Theirs", "pillar": "prosecution"}
        page = client_for(cast.co_ordinator).post(href, text)
        assert page.status_code == 409
        body = page.content.decode()
        for words in ("Mine", "Theirs", "Partnership", "Prosecution"):
            assert words in body
        assert "prosecution<" not in body

    def test_say_who_is_to_do_it_and_not_that_it_is_done(self, cast: Cast, client_for) -> None:
        row, person = actions.made(cast), cast.ngo_caseworker
        row = actions.act(cast, row, "assign", cast.ngo_manager, responsible_person=person)
        client = client_for(cast.ngo_manager)
        body = client.get(row.get_absolute_url()).content.decode()
        assert f"To be done by <bdi>{person.display_name}</bdi>" in body
        actions.reported(cast, type(row).objects.get(pk=row.pk))
        body = client.get(row.get_absolute_url()).content.decode()
        assert "To be done by" not in body
        assert f"Given to <bdi>{person.display_name}</bdi>" in body

    def test_are_offered_for_ones_own_organisation_unless_one_co_ordinates(
        self, cast: Cast, client_for
    ) -> None:
        def offered(user) -> set:
            form = client_for(user).get(reverse("ncm:action-new")).context["form"]
            return set(form.fields["responsible"].queryset)

        assert offered(cast.ngo_manager) == {cast.ngo}
        assert {cast.ngo, cast.other_ngo, cast.unlisted_ngo} <= offered(cast.co_ordinator)


class TestFromAResolution:
    def test_says_which_and_offers_every_member(self, cast: Cast, client_for) -> None:
        meeting, item = sittings.sitting(cast)
        sittings.all_came(cast, meeting)
        resolution = sittings.resolved(cast, sittings.carried(cast, item, meeting))
        href = f"{reverse('ncm:action-new')}?resolution={resolution.uuid}"
        office = client_for(cast.ngo_manager)
        page = office.get(href)
        assert resolution.reference in page.content.decode()
        on = actions.today(cast) + timedelta(days=9)
        given = {
            "client_key": str(page.context["form"].initial["client_key"]),
            "title": "Beds (invented)", "todo": "Two hundred nights.", "pillar": "protection",
            "priority": Priority.NORMAL, "responsible": str(cast.police.uuid), **days(on),
        }  # fmt: skip
        assert office.post(href, given).status_code == 302
        row = ActionPoint.objects.get()
        assert (row.resolution, row.body) == (resolution, resolution.body)
        assert resolution.reference in office.get(row.get_absolute_url()).content.decode()
        of = resolution.get_absolute_url()
        assert row.get_absolute_url() in office.get(of).content.decode()
        assert href in office.get(of).content.decode()
        for user in (cast.other_manager, cast.ngo_caseworker):
            assert href not in client_for(user).get(of).content.decode()
        assert client_for(cast.other_manager).get(href).status_code == 403
        assert office.get(f"{reverse('ncm:action-new')}?resolution=nothing").status_code == 404
        listed = office.get(LIST, {"body": str(resolution.body.uuid)})
        assert titles(listed) == ["Beds (invented)"]


class TestFromThePlan:
    def test_comes_from_an_activity_or_an_obligation(self, cast: Cast, client_for) -> None:
        activity = plans.adopted(cast).activities.select_related("objective").first()
        obligation = plans.obligation(cast)
        desk, on = client_for(cast.co_ordinator), actions.today(cast) + timedelta(days=9)
        for name, source in (("activity", activity), ("obligation", obligation)):
            href = f"{reverse('ncm:action-new')}?{name}={source.uuid}"
            form = desk.get(href).context["form"]
            given = {
                "client_key": str(form.initial["client_key"]), "title": f"From {name} (invented)",
                "todo": "Do it.", "pillar": "protection", "priority": Priority.NORMAL,
                "responsible": str(form.initial["responsible"]), **days(on),
            }  # fmt: skip
            assert desk.post(href, given).status_code == 302
            row = ActionPoint.objects.get(**{name: source})
            assert row.title in desk.get(row.get_absolute_url()).content.decode()
        assert ActionPoint.objects.get(activity=activity).responsible == activity.lead
