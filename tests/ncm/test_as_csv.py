"""Lists of the co-ordination as CSV: what the page shows, without formulas, in the log."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import AccessLog
from common.country import local_day
from ncm.models import Consultation, Obligation, Prevention
from ncm.services import consultations as services
from ncm.views import as_csv
from tests.ncm import actions
from tests.ncm import plans as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
FORMULA = '=HYPERLINK("https://example.org","(invented)")'
Make = Callable[..., Any]
LISTS = pytest.mark.parametrize(
    ("which", "make"),
    [
        ("prevention", lambda cast, n: stages.entry(cast, title=f"Play {n} (invented)")),
        ("obligations", lambda cast, n: stages.obligation(cast, article=f"{n:03}")),
        ("consultations", lambda cast, n: stages.consultation(cast, title=f"Law {n} (invented)")),
        ("actions", lambda cast, n: actions.made(cast, title=f"Point {n} (invented)")),
    ],
)


def file_of(which: str) -> str:
    return reverse(f"ncm:{which}-file")


def rows_in(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


class TestEach:
    @LISTS
    def test_is_led_to_by_its_page_named_after_it_and_in_the_log(
        self, cast: Cast, client_for: Any, which: str, make: Make
    ) -> None:
        for n in range(2):
            make(cast, n)
        client = client_for(cast.rapporteur)
        shown = client.get(reverse(f"ncm:{which}"), {"cursor": "", "group": "children"})
        [button] = [each for each in shown.context["acts"] if file_of(which) in each["href"]]
        assert button["href"] == f"{file_of(which)}?group=children"
        answer = client.get(file_of(which))
        heads, *rows = rows_in(answer)
        assert len(rows) == 2
        assert {len(row) for row in rows} == {len(heads)}
        name = "action-points" if which == "actions" else which
        assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        assert answer["Cache-Control"] == "no-store"
        [entry] = AccessLog.objects.filter(action="export")
        assert (entry.field_group, entry.reason_code, entry.user_id) == (
            name, "csv", cast.rapporteur.pk
        )  # fmt: skip
        assert entry.organisation_uuid == cast.ministry.uuid

    @LISTS
    def test_takes_few_questions_however_long_it_is(
        self, cast: Cast, client_for: Any, which: str, make: Make
    ) -> None:
        client = client_for(cast.ngo_manager)
        for number in (1, 29):
            for n in range(number):
                make(cast, number + n)
            with at_most(11):
                answer = client.get(file_of(which))
        assert len(rows_in(answer)) == 31

    @LISTS
    def test_says_in_its_last_line_that_there_are_more(
        self, cast: Cast, client_for: Any, which: str, make: Make, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(as_csv, "MOST", 2)
        for n in range(2):
            make(cast, n)
        client = client_for(cast.ngo_manager)
        assert "There are more" not in client.get(file_of(which)).content.decode()
        make(cast, 2)
        heads, *rows, last = rows_in(client.get(file_of(which)))
        assert len(rows) == 2
        assert last[0] == "There are more; only the first 2 are in this file."
        assert len(last) == len(heads)

    def test_opens_the_transaction_of_its_line_in_the_log(
        self, cast: Cast, monkeypatch: Any
    ) -> None:
        """On SQLite no request has one of its own, and the log is written in none but one."""
        outside, inside, write = len(connection.savepoint_ids), [], as_csv.audit.record

        def record(**given: Any) -> Any:
            inside.append(len(connection.savepoint_ids))
            return write(**given)

        monkeypatch.setattr(as_csv.audit, "record", record)
        actor = cast.actor(cast.ngo_manager)
        as_csv.csv_of(Obligation.objects.none(), list, columns=["A"], name="a", actor=actor)
        assert inside == [outside + 1]


class TestPrevention:
    def test_is_what_the_filter_shows_without_formulas_and_names(
        self, cast: Cast, client_for: Any
    ) -> None:
        stages.entry(cast, title=FORMULA, partners=[cast.unlisted_ngo, cast.police])
        stages.entry(cast, title="For men (invented)", target_groups=("men",), area=None)
        client = client_for(cast.other_manager)
        answer = client.get(file_of("prevention"), {"group": "children", "area": "XX-N"})
        [heads, row] = rows_in(answer)
        found = dict(zip(heads, row, strict=True))
        assert found["Activity"] == f"'{FORMULA}"
        assert found["Who does it"] == "Lantern House (invented)"
        assert found["Civil society partners"] == "1 not named, for their safety"
        assert found["Other partners"] == "Police Unit (invented)"
        assert (found["For whom"], found["Area"]) == ("Children", "North")
        assert found["From"] == (local_day(cast.at) - timedelta(days=5)).isoformat()
        assert (found["People it is to reach"], found["People reached"]) == ("200", "")
        assert cast.unlisted_ngo.name not in answer.content.decode()
        assert len(rows_in(client.get(file_of("prevention")))) == 3
        assert Prevention.objects.count() == 2


class TestObligations:
    def test_are_in_the_order_of_the_page_without_formulas(
        self, cast: Cast, client_for: Any
    ) -> None:
        stages.obligation(cast, article="9", words="Identify", duty="")
        stages.obligation(cast, article="10", words=FORMULA)
        stages.obligation(cast, instrument="-Act 7", accountable=cast.police)
        heads, *rows = rows_in(client_for(cast.ngo_manager).get(file_of("obligations")))
        listed = list(
            Obligation.objects.order_by("instrument", "article").values_list("article", flat=True)
        )
        assert [row[1] for row in rows] == listed
        assert {row[0] for row in rows} == {"'-Act 7", "CETS 197"}
        found = {row[2]: dict(zip(heads, row, strict=True)) for row in rows}
        assert found[f"'{FORMULA}"]["Accountable"] == "Ministry of the Interior (invented)"
        assert found["Identify"]["Duty that agreements can delegate"] == ""
        assert found["Identify"]["Carried out by"] == ""


class TestConsultations:
    def test_count_the_heard_and_tell_nobodys_words(self, cast: Cast, client_for: Any) -> None:
        row, by = stages.consultation(cast, title=FORMULA), cast.actor(cast.co_ordinator)
        services.ask(consultation=row, organisations=[cast.ngo, cast.police], by=by, at=cast.at)
        said = services.state_position(
            consultation=Consultation.objects.get(), words="Our own view.",
            by=cast.actor(cast.unlisted_manager), at=cast.at,
        )  # fmt: skip
        services.answer(position=said, answer="not", reason="Too dear.", by=by, at=cast.at)
        answer = client_for(cast.ngo_manager).get(file_of("consultations"))
        [heads, only] = rows_in(answer)
        found = dict(zip(heads, only, strict=True))
        assert found["Consultation"] == f"'{FORMULA}"
        assert found["Opened on"] == local_day(cast.at).isoformat()
        assert found["Organisations asked, or heard unasked"] == "3"
        assert (found["Of them social partners"], found["Positions stated"]) == ("0", "1")
        assert (found["State"], found["Outcome"]) == ("Open", "")
        text = answer.content.decode()
        assert "Our own view." not in text
        assert cast.unlisted_ngo.name not in text
