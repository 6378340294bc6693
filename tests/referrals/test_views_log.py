"""Logging a referral in the browser: saved page by page, checked, sent; bad input loses nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.http import QueryDict
from django.urls import reverse

from accounts.kept import keep
from accounts.models import AccessLog
from common.country import current
from referrals.choices import Basis, State
from referrals.clocks import DRAFT_KEPT
from referrals.forms.log import ThePerson
from referrals.models import Identity, Packet, Referral
from referrals.services import referrals as services
from referrals.services.drafts import expire_drafts
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
PERSON = {
    "is_child_now": "no",
    "age_at_exploitation": "ADULT",
    "gender": "FEMALE",
    "nationality": "ALB",
    "second_nationality": "",
    "language": "",
}
AGREED = {"language": "sq", "with_interpreter": "yes", "agrees": "yes", "refusal_reason": ""}


@pytest.fixture
def desk(cast: Cast, client_for):
    return client_for(cast.ngo_caseworker)


def begin(desk, key: str = "") -> Referral:
    answer = desk.post(reverse("referrals:new"), {"client_key": key or uuid4()})
    assert answer.status_code == 302
    return Referral.objects.get(uuid=answer["Location"].split("/")[2])


def address(referral: Referral, page: str) -> str:
    return reverse("referrals:log-page", args=[referral.uuid, page])


def hidden(desk, referral: Referral, page: str) -> dict[str, str]:
    form = desk.get(address(referral, page)).context["form"]
    return {name: str(form[name].value()) for name in ("version", "seen")}


def save(desk, referral: Referral, page: str, **answers):
    return desk.post(
        address(referral, page), {**hidden(desk, referral, page), **answers}, follow=True
    )


def words(answer) -> str:
    return answer.content.decode()


class TestBeginning:
    def test_leads_to_the_task_list_of_a_draft(self, cast: Cast, desk) -> None:
        referral = begin(desk)
        page = words(desk.get(reverse("referrals:log", args=[referral.uuid])))
        assert referral.reference in page
        assert referral.first_responder == cast.ngo
        assert "answers are still needed" in page

    def test_twice_with_one_key_gives_one(self, desk) -> None:
        key = str(uuid4())
        assert begin(desk, key) == begin(desk, key)
        assert Referral.objects.count() == 1

    def test_names_the_only_authority_there_is(self, cast: Cast, desk) -> None:
        assert begin(desk).authority == cast.authority

    def test_offers_a_new_key_when_the_posted_one_is_none(self, desk) -> None:
        answer = desk.post(reverse("referrals:new"), {"client_key": "never"})
        assert answer.status_code == 200
        assert not Referral.objects.exists()

    def test_is_not_for_whoever_decides(self, cast: Cast, client_for) -> None:
        assert client_for(cast.officer).get(reverse("referrals:new")).status_code == 403


class TestTheTaskList:
    def test_asks_for_no_more_than_twelve_answers(self, desk) -> None:
        """Those of the pages, with the person's three about consent, and the last confirmation."""
        from referrals.answers import NEEDED

        about_consent = {"language", "with_interpreter", "agrees"}
        assert len(set(NEEDED) - {"basis"} | about_consent) + 1 <= 12

    def test_says_until_when_the_draft_is_kept(self, desk) -> None:
        from partners.views.shown import day

        referral = begin(desk)
        page = words(desk.get(reverse("referrals:log", args=[referral.uuid])))
        assert day(referral.saved_at + DRAFT_KEPT) in page

    def test_lets_an_expired_draft_be_taken_up_again(self, cast: Cast, desk) -> None:
        draft = stages.draft(cast)
        for later in (DRAFT_KEPT - timedelta(days=5), DRAFT_KEPT + timedelta(days=5)):
            expire_drafts(cast.at + later)
        page = words(desk.get(reverse("referrals:log", args=[draft.uuid])))
        assert "put away" in page
        version = stages.now(draft).version
        desk.post(reverse("referrals:act", args=[draft.uuid, "take_up"]), {"version": version})
        assert stages.now(draft).state == State.DRAFT

    def test_is_nobody_elses(self, cast: Cast, client_for, desk) -> None:
        where = reverse("referrals:log", args=[begin(desk).uuid])
        for user in (cast.other_manager, cast.officer, cast.co_ordinator):
            assert client_for(user).get(where).status_code in (403, 404)
        assert client_for(cast.other_manager).get(where).status_code == 404


class TestAPage:
    def test_is_saved_as_far_as_it_is_answered(self, desk) -> None:
        referral = begin(desk)
        save(desk, referral, "person", **{**PERSON, "gender": ""})
        saved = stages.now(referral)
        assert (saved.is_child_now, saved.gender) == ("no", "")
        assert saved.nationalities == ("ALB",)

    def test_leads_on_to_the_next_page_that_is_needed(self, desk) -> None:
        referral = begin(desk)
        answer = save(desk, referral, "person", **PERSON)
        assert answer.redirect_chain[-1][0] == address(referral, "what")

    def test_refuses_a_second_nationality_like_the_first(self, desk) -> None:
        referral = begin(desk)
        answer = save(desk, referral, "person", **{**PERSON, "second_nationality": "ALB"})
        assert "first nationality already" in words(answer)
        assert stages.now(referral).nationalities == ()

    def test_keeps_every_word_of_an_account_that_is_too_long(self, desk) -> None:
        referral = begin(desk)
        text = "a b" * 5000 + "!"
        answer = save(desk, referral, "story", narrative=text)
        assert "1 character longer than the 15,000" in words(answer)
        assert text in words(answer)
        assert stages.now(referral).narrative is None

    def test_takes_fifteen_thousand_characters(self, desk) -> None:
        referral = begin(desk)
        save(desk, referral, "story", narrative="abc" * 5000)
        assert len(stages.now(referral).narrative or "") == 15_000

    def test_does_not_exist_under_another_name(self, desk) -> None:
        assert desk.get(address(begin(desk), "elsewhere")).status_code == 404

    def test_brings_back_what_was_typed_before_the_session_ended(self, cast: Cast, desk) -> None:
        referral = begin(desk)
        typed = QueryDict(mutable=True)
        typed["narrative"] = "Half a sentence of"
        where = address(referral, "story")
        keep(user=cast.ngo_caseworker, path=where, fields=typed, at=cast.at)
        assert "Half a sentence of" in words(desk.get(where))
        save(desk, referral, "story", narrative="A whole sentence.")
        assert "Half a sentence of" not in words(desk.get(where))

    def test_lets_colleagues_save_different_pages_at_once(self, cast: Cast, desk) -> None:
        referral = begin(desk)
        mine = hidden(desk, referral, "story")
        services.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
            version=referral.version,
            gender="MALE",
        )
        answer = desk.post(address(referral, "story"), {**mine, "narrative": "Mine."})
        assert answer.status_code == 302
        assert stages.now(referral).gender == "MALE"
        assert stages.now(referral).narrative == "Mine."

    def test_shows_both_texts_when_two_saved_the_same_one(self, cast: Cast, desk) -> None:
        referral = begin(desk)
        mine = hidden(desk, referral, "story")
        services.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
            version=referral.version,
            narrative="Theirs, saved first.",
        )
        answer = desk.post(address(referral, "story"), {**mine, "narrative": "Mine, typed later."})
        assert answer.status_code == 409
        assert "Theirs, saved first." in words(answer)
        assert "Mine, typed later." in words(answer)
        assert stages.now(referral).narrative == "Theirs, saved first."
        again = dict(answer.context["again"])
        assert desk.post(address(referral, "story"), again).status_code == 302
        assert stages.now(referral).narrative == "Mine, typed later."

    def test_cannot_be_changed_once_it_is_sent(self, cast: Cast, desk) -> None:
        referral = stages.sent(cast)
        answer = desk.get(address(referral, "story"))
        assert answer["Location"] == reverse("referrals:detail", args=[referral.uuid])


class TestIdentity:
    def test_is_sealed_and_never_shown_again_on_its_page(self, desk) -> None:
        referral = begin(desk)
        born = {"birth_date_day": "27", "birth_date_month": "3", "birth_date_year": "1998"}
        save(desk, referral, "identity", name=stages.NAME, safe_contact="After six", **born)
        kept = Identity.objects.get(person=referral.person)
        assert (kept.name, kept.birth_date) == (stages.NAME, "1998-03-27")
        assert stages.NAME not in words(desk.get(address(referral, "identity")))

    def test_takes_the_year_alone(self, desk) -> None:
        referral = begin(desk)
        save(desk, referral, "identity", name="", safe_contact="", birth_date_year="1998")
        assert Identity.objects.get(person=referral.person).birth_date == "1998"

    @pytest.mark.parametrize(("day", "month", "year"), [(31, 2, 1998), (1, "", 1998), (1, 1, 98)])
    def test_refuses_a_wrong_date_and_keeps_it_on_the_page(self, desk, day, month, year) -> None:
        referral = begin(desk)
        born = {"birth_date_day": day, "birth_date_month": month, "birth_date_year": year}
        answer = save(desk, referral, "identity", name="", safe_contact="Typed", **born)
        assert answer.context["form"].errors["birth_date"]
        assert "Typed" in words(answer)
        assert not Identity.objects.exists()

    def test_left_empty_leaves_what_is_kept(self, cast: Cast, desk) -> None:
        referral = stages.named(cast, stages.draft(cast))
        save(desk, referral, "identity", name="", safe_contact="New way")
        kept = Identity.objects.get(person=referral.person)
        assert (kept.name, kept.safe_contact) == (stages.NAME, "New way")


class TestConsent:
    def test_of_an_adult_becomes_the_basis(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast)
        save(desk, referral, "consent", **AGREED)
        saved = stages.now(referral)
        assert saved.basis == Basis.CONSENT
        assert saved.consent.with_interpreter

    def test_is_asked_only_when_it_is_known_whether_it_is_a_child(self, desk) -> None:
        referral = begin(desk)
        answer = desk.get(address(referral, "consent"))
        assert answer["Location"] == address(referral, "person")

    def test_needs_every_question_answered(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast)
        save(desk, referral, "consent", **{**AGREED, "with_interpreter": ""})
        assert stages.now(referral).basis == ""

    def test_refused_says_what_happens_and_sends_nothing(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast)
        page = words(save(desk, referral, "consent", **{**AGREED, "agrees": "no"}))
        assert "Nothing leaves your organisation" in page
        assert "notice without identity" not in page
        assert stages.now(referral).basis == ""

    def test_refused_can_become_a_yes_later(self, cast: Cast, desk) -> None:
        referral = stages.refused(cast)
        save(desk, referral, "consent", **AGREED)
        assert stages.now(referral).basis == Basis.CONSENT

    def test_corrected_keeps_the_correction(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        save(desk, referral, "consent", **{**AGREED, "language": "uk"})
        assert stages.now(referral).consent.language == "uk"

    def test_is_not_the_basis_for_a_child(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast, is_child_now="yes")
        assert "duty to protect" in words(desk.get(address(referral, "consent")))
        desk.post(address(referral, "consent"))
        assert stages.now(referral).tracks.get(kind="consent").status == "child"

    def test_of_unknown_age_goes_the_childs_way_only_with_reasons(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast, is_child_now="unknown")
        answer = save(desk, referral, "consent", way="child", child_reasons="")
        assert answer.context["form"].errors["child_reasons"]
        save(desk, referral, "consent", way="child", child_reasons="Says she is in sixth grade.")
        assert stages.now(referral).basis == Basis.CHILD

    def test_of_unknown_age_can_turn_to_the_adults_way(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast, is_child_now="unknown")
        save(desk, referral, "consent", way="child", child_reasons="Invented reasons.")
        save(desk, referral, "consent", way="adult", **AGREED)
        assert stages.now(referral).basis == Basis.CONSENT


class TestDutyToNotify:
    def test_is_offered_to_a_public_body_where_the_country_has_one(
        self, monkeypatch, cast: Cast, client_for
    ) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.refused(cast, cast.police_officer)
            office = client_for(cast.police_officer)
            where = reverse("referrals:act", args=[referral.uuid, "notify"])
            assert where in words(office.get(reverse("referrals:log", args=[referral.uuid])))
            page = words(office.get(where))
            assert stages.STORY not in page
            assert stages.NAME not in page
            office.post(where, {"version": referral.version, "authority": cast.authority.pk})
        notice = Referral.objects.get(state=State.NOTIFIED)
        assert notice.person is None

    def test_is_not_offered_to_an_ngo(self, monkeypatch, cast: Cast, desk) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.refused(cast)
            where = reverse("referrals:act", args=[referral.uuid, "notify"])
            assert where not in words(desk.get(reverse("referrals:log", args=[referral.uuid])))
            posted = {"version": referral.version, "authority": cast.authority.pk}
            assert desk.post(where, posted).status_code == 403
        assert Referral.objects.count() == 1


class TestChecking:
    def where(self, referral: Referral) -> str:
        return reverse("referrals:check", args=[referral.uuid])

    def test_shows_the_packet_as_the_recipient_will_see_it(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        answer = desk.get(self.where(referral))
        shown = {line.name: line.values for line, _is_out in answer.context["packet"]}
        desk.post(
            self.where(referral), {"version": referral.version, "confirmed": "on", "struck": []}
        )
        from referrals import packets

        packet = Packet.objects.select_related("referral__person").get()
        assert {line.name: line.values for line in packets.opened(packet)} == shown
        assert "safe_contact" not in shown

    def test_leaves_out_what_was_struck(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        posted = {"version": referral.version, "confirmed": "on", "struck": ["name", "narrative"]}
        desk.post(self.where(referral), posted)
        packet = Packet.objects.get()
        assert {"name", "narrative"} <= set(packet.struck)
        assert not {"name", "narrative"} & set(packet.fields)

    def test_sends_only_what_was_gone_through_with_the_person(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        answer = desk.post(self.where(referral), {"version": referral.version, "struck": ["name"]})
        assert answer.status_code == 200
        assert ("name", True) in [(line.name, out) for line, out in answer.context["packet"]]
        assert stages.now(referral).state == State.DRAFT

    def test_refuses_an_adult_without_consent(self, cast: Cast, desk) -> None:
        referral = stages.draft(cast)
        page = words(desk.get(self.where(referral)))
        assert "without the person’s consent" in page
        assert "Send the referral</button>" not in page
        desk.post(self.where(referral), {"version": referral.version, "confirmed": "on"})
        assert stages.now(referral).state == State.DRAFT
        assert not Packet.objects.exists()

    def test_tells_who_sent_it_meanwhile(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        posted = {"version": referral.version - 1, "confirmed": "on"}
        assert desk.post(self.where(referral), posted).status_code == 409

    def test_twice_sends_one(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        posted = {"version": referral.version, "confirmed": "on"}
        desk.post(self.where(referral), posted)
        answer = desk.post(self.where(referral), posted)
        assert answer["Location"] == reverse("referrals:detail", args=[referral.uuid])
        assert Packet.objects.count() == 1

    def test_notes_that_the_preview_showed_the_name(self, cast: Cast, desk) -> None:
        referral = stages.consented(cast)
        desk.get(self.where(referral))
        entry = AccessLog.objects.about("referral", referral.uuid)[0]
        assert entry.field_group == "preview"


class TestSent:
    def page(self, desk, referral: Referral) -> str:
        return words(desk.get(reverse("referrals:sent", args=[referral.uuid])))

    def test_says_by_when_the_country_decides(self, monkeypatch, cast: Cast, desk) -> None:
        with stages.country_is(monkeypatch, "gb"):
            referral = stages.sent(cast)
            page = self.page(desk, referral)
            assert referral.reference in page
            assert str(current().stages[0].name) in page
        assert "at the latest" in page

    def test_says_that_a_country_sets_no_time(self, monkeypatch, cast: Cast, desk) -> None:
        with stages.country_is(monkeypatch, "ua"):
            assert "sets no time" in self.page(desk, stages.sent(cast))


class TestTheForms:
    def test_offer_no_withdrawn_country(self, cast: Cast) -> None:
        form = ThePerson(stages.draft(cast))
        offered = [code for code, _name in form.fields["nationality"].choices]
        assert "DEU" in offered
        assert "DDR" not in offered
        assert len(offered) == len(set(offered))
