"""The due-diligence checklist: lighter for groups, and never about where money comes from."""

import pytest
from django.urls import reverse

from partners.choices import (
    CONDUCT_OF_GROUPS,
    CONDUCT_OF_THE_REGISTERED,
    CONDUCT_OF_THE_STATE,
    Conduct,
    OrganisationKind,
)
from partners.forms.application import PAGE_FORMS
from partners.models import Organisation
from partners.reviews import asked_conduct, missing_answers
from partners.services import organisations
from tests.partners import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
K = OrganisationKind
PAGE = reverse("partners:application-page", args=["conduct"])


class TestWhatIsAsked:
    @pytest.mark.parametrize("word", ["fund", "donor", "foreign", "abroad", "grant", "income"])
    def test_is_never_where_money_comes_from(self, word: str, cast: Cast) -> None:
        for form in PAGE_FORMS.values():
            asked = [
                str(field.label) + str(field.help_text) for field in form(cast.ngo).fields.values()
            ]
            assert not [text for text in asked if word in text.lower()], form.page

    @pytest.mark.parametrize(
        ("kind", "is_informal", "asked"),
        [
            (K.CSO, False, CONDUCT_OF_THE_REGISTERED),
            (K.CSO, True, CONDUCT_OF_GROUPS),
            (K.SURVIVOR_LED, False, CONDUCT_OF_GROUPS),
            (K.COMMUNITY, False, CONDUCT_OF_GROUPS),
            (K.STATE_AGENCY, False, CONDUCT_OF_THE_STATE),
        ],
    )
    def test_is_less_of_groups_without_an_office(self, kind, is_informal, asked) -> None:
        assert asked_conduct(Organisation(kind=kind, is_informal=is_informal)) == asked
        assert len(CONDUCT_OF_GROUPS) < len(CONDUCT_OF_THE_REGISTERED)
        papers = {Conduct.STATUTE, Conduct.ACCOUNTS, Conduct.DECISIONS}
        assert not papers & set(CONDUCT_OF_GROUPS)


class TestAnswering:
    def save(self, cast: Cast, conduct: dict[str, str]) -> Organisation:
        now = stages.now(cast)
        return organisations.save_answers(
            organisation=now,
            by=cast.actor(cast.applicant),
            at=cast.at,
            version=now.version,
            conduct=conduct,
        )

    def test_needs_every_item_and_takes_not_yet(self, cast: Cast) -> None:
        stages.filled(cast)
        answered = dict.fromkeys(CONDUCT_OF_THE_REGISTERED, "not_yet")
        some = {item: answered[item] for item in CONDUCT_OF_THE_REGISTERED[1:]}
        assert "conduct" in missing_answers(self.save(cast, some))
        assert "conduct" not in missing_answers(self.save(cast, answered))

    def test_refuses_a_code_that_is_not_on_the_list(self, cast: Cast) -> None:
        for wrong in ({"foreign_money": "yes"}, {Conduct.STATUTE: "perhaps"}):
            with pytest.raises(TypeError):
                self.save(cast, wrong)

    def test_is_a_page_of_the_application_with_its_question(self, cast: Cast, client_for) -> None:
        stages.returned(cast, conduct="Who hears complaints?")
        client = client_for(cast.applicant)
        page = client.get(PAGE)
        assert "Who hears complaints?" in page.content.decode()
        form = page.context["form"]
        given = {name: form[name].value() for name in form.fields}
        given |= {Conduct.COMPLAINTS: "not_yet", "conduct_words": "From March on."}
        client.post(PAGE, given)
        row = stages.now(cast)
        assert (row.conduct["complaints"], row.conduct_words) == ("not_yet", "From March on.")
        desk = client_for(cast.co_ordinator)
        body = desk.get(reverse("partners:review", args=[row.uuid])).content.decode()
        assert "From March on." in body

    def test_stays_between_the_organisation_and_the_co_ordination(
        self, cast: Cast, client_for
    ) -> None:
        stages.admitted(cast)
        row = stages.now(cast)
        body = client_for(cast.other_manager).get(row.get_absolute_url()).content.decode()
        assert str(Conduct.SAFEGUARDING.label) not in body
