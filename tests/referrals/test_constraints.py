"""The database knows the law's branches too: what SQL itself refuses."""

import pytest
from django.db import IntegrityError, connection, transaction

from common.workflow import NotPossible
from referrals.models import Decision, Referral
from referrals.services import referrals
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def update(referral: Referral, sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE referrals_referral SET {sql} WHERE id = %s",
            [referral.pk],
        )


class TestAnAdultWithoutConsent:
    def test_is_not_sent_by_the_service(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        with pytest.raises(NotPossible, match="without the person’s consent"):
            referrals.send_referral(
                referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at
            )
        assert stages.now(referral).received_at is None

    @pytest.mark.parametrize(
        ("sql", "rule"),
        [
            ("state = 'submitted'", "leaves_home_on_a_basis"),
            ("state = 'submitted', basis = 'consent'", "consent_is_there"),
            ("state = 'submitted', basis = 'child'", "child_is_stated_or_believed"),
            (
                "state = 'submitted', basis = 'child', child_reasons_ct = 'believed'",
                "child_is_stated_or_believed",
            ),
            ("state = 'submitted', basis = 'notified'", "notice"),
            ("state = 'notified', basis = 'notified'", "notice"),
            ("state = 'submitted', basis = 'imported'", "history_has_no_person"),
        ],
    )
    def test_is_not_sent_by_any_name(self, cast: Cast, sql: str, rule: str) -> None:
        referral = stages.draft(cast)
        more = f", received_at = created_at, received_on = '{cast.at.date().isoformat()}'"
        with pytest.raises(IntegrityError) as refused:
            update(referral, sql + more)
        assert rule in str(refused.value)


class TestWhatWasSent:
    @pytest.mark.parametrize(
        ("sql", "rule"),
        [
            ("consent_id = NULL", "consent_is_there"),
            ("authority_id = NULL", "sent_to_somebody"),
            ("received_at = NULL", "received_both"),
            ("received_at = NULL, received_on = NULL", "sent_to_somebody"),
            ("person_id = NULL", "sent_to_somebody"),
            ("state = 'draft'", "draft_was_not_received"),
            ("state = 'decided'", "state_known"),
            ("refusal_reason = 'fear'", "refusal_only_on_a_notice"),
        ],
    )
    def test_keeps_what_it_stands_on(self, cast: Cast, sql: str, rule: str) -> None:
        with pytest.raises(IntegrityError) as refused:
            update(stages.sent(cast), sql)
        assert rule in str(refused.value)

    def test_the_same_key_stands_once(self, cast: Cast) -> None:
        one, other = stages.draft(cast), stages.draft(cast)
        update(one, "client_key = 'k'")
        with pytest.raises(IntegrityError):
            update(other, "client_key = 'k'")


class TestANotice:
    @pytest.mark.parametrize(
        "sql",
        [
            "person_id = (SELECT max(id) FROM referrals_person)",
            "referrer_id = (SELECT max(id) FROM accounts_user)",
            "language = 'sq'",
            "client_key = 'k'",
            "state = 'submitted'",
        ],
    )
    def test_carries_nobody(self, cast: Cast, monkeypatch, sql: str) -> None:
        from referrals.services import consents

        with stages.country_is(monkeypatch, "gb"):
            notice = consents.notify_without_identity(
                referral=stages.refused(cast, cast.police_officer),
                by=cast.actor(cast.police_officer),
                at=cast.at,
                authority=cast.authority,
            )
        with pytest.raises(IntegrityError):
            update(notice, sql)


class TestADecision:
    def test_is_not_seconded_by_whoever_made_it(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "ua"):
            referral = stages.decided(cast, stages.sent(cast), "negative")
        decision = Decision.objects.get(referral=referral)
        for change in ({"seconded_by": decision.decided_by}, {"reasons_ct": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Decision.objects.filter(pk=decision.pk).update(**change)

    def test_is_made_once_a_stage(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "ua"):
            referral = stages.decided(cast, stages.sent(cast), "positive")
        decision = Decision.objects.get(referral=referral)
        decision.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            decision.save(force_insert=True)
