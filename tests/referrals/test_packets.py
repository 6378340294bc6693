"""What leaves the organisation: allow-listed, minus what was struck, never changed afterwards."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils import translation

from accounts.models import AccessLog
from common.workflow import NotAllowed
from referrals import packets
from referrals.models import Packet, Referral
from referrals.packets import allowed, notice_shown, strikable, struck_fields
from referrals.services import consents, identity, referrals
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
#: What no recipient gets, whatever is recorded.
NEVER = (
    "document",
    "contact",
    "safe_contact",
    "consent",
    "referrer",
    "client_key",
    "situation",
)


def packet_of(referral: Referral) -> Packet:
    return Packet.objects.filter(referral=referral).order_by("-version").first()


class TestAllowList:
    @pytest.mark.parametrize("kind", ["authority", "notice"])
    def test_names_nothing_that_never_leaves(self, kind: str) -> None:
        assert not set(allowed(kind).fields) & set(NEVER)

    def test_of_a_notice_names_codes_only(self) -> None:
        words = {"narrative", "child_reasons", "name", "other_names", "birth_date", "language"}
        assert not set(allowed("notice").fields) & words

    def test_of_an_unknown_recipient_is_refused(self) -> None:
        with pytest.raises(ImproperlyConfigured):
            allowed("anybody")

    def test_can_be_struck_but_for_what_makes_it_a_referral(self) -> None:
        assert set(strikable()) == set(allowed("authority").fields) - {
            "reference",
            "basis",
            "first_responder",
            "is_child_now",
        }
        with pytest.raises(ValueError, match="cannot be struck: basis"):
            struck_fields(["basis"])


class TestPacket:
    def test_holds_the_allowed_fields_minus_the_struck(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)
        struck = ["birth_date", "nationalities", "narrative"]
        referrals.send_referral(referral=referral, by=by, at=cast.at, struck=struck)
        packet = packet_of(referral)
        content = json.loads(packet.content)
        expected = set(allowed("authority").fields) - set(struck)
        # What was not answered is not there either: no other names, no reasons for a child.
        assert set(content) == expected - {"other_names", "child_reasons"}
        assert (list(content), set(packet.struck)) == (sorted(content), set(struck))
        assert set(packet.fields) == set(content)
        assert (packet.recipient, packet.version) == (cast.authority, 1)
        assert content["name"] == stages.NAME

    def test_is_sealed(self, cast: Cast) -> None:
        packet = packet_of(stages.sent(cast))
        for text in (stages.NAME, stages.STORY, "FORCED_LABOUR"):
            assert text.encode() not in bytes(packet.content_ct)

    def test_is_what_the_preview_showed(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)
        preview = identity.packet_preview(
            referral=referral, by=by, at=cast.at, recipient=cast.authority, struck=["place"]
        )
        referrals.send_referral(referral=referral, by=by, at=cast.at, struck=["place"])
        officer = cast.actor(cast.officer)
        opened = identity.open_packet(packet=packet_of(referral), by=officer, at=cast.at)
        assert opened == preview
        shown = {line.name: line.values for line in opened}
        assert shown["nationalities"] == ("Albania", "Not known")
        assert shown["exploitation"] == ("Forced labour or services", "Forced begging")
        assert shown["language"] == ("Albanian",)
        assert "place" not in shown

    def test_is_read_in_the_readers_language(self, cast: Cast) -> None:
        packet = packet_of(stages.sent(cast))
        with translation.override("uk"):
            shown = {line.name: line.values for line in packets.opened(packet)}
        assert shown["nationalities"][0] == "Албанія"

    def test_stays_as_it_was_sent(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        before = packet_of(referral).content
        by = cast.actor(cast.ngo_caseworker)
        referral = referrals.save_answers(
            referral=referral, by=by, at=cast.at, version=referral.version, place="BOTH"
        )
        assert packet_of(referral).content == before
        stages.answered(cast, referral)
        versions = Packet.objects.filter(referral=referral).order_by("version")
        assert [json.loads(packet.content)["place"] for packet in versions] == ["HERE", "BOTH"]

    def test_that_has_not_changed_is_not_sent_again(self, cast: Cast) -> None:
        referral = stages.answered(cast, stages.returned(cast))
        assert Packet.objects.filter(referral=referral).count() == 1

    def test_keeps_what_was_struck_when_it_goes_out_again(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)
        referral = referrals.send_referral(
            referral=referral, by=by, at=cast.at, struck=["birth_date"]
        )
        referral = referrals.ask_back(
            referral=referral, by=cast.actor(cast.officer), at=cast.at, questions="Where?"
        )
        referral = referrals.save_answers(
            referral=referral, by=by, at=cast.at, version=referral.version, place="BOTH"
        )
        stages.answered(cast, referral)
        assert packet_of(referral).version == 2
        assert "birth_date" not in json.loads(packet_of(referral).content)

    def test_cannot_leave_out_what_makes_it_a_referral(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            referrals.send_referral(
                referral=stages.consented(cast),
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
                struck=["reference"],
            )


class TestOpening:
    def test_is_logged_and_for_sender_and_recipient_only(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        packet = packet_of(referral)
        for user in (cast.officer, cast.ngo_manager):
            identity.open_packet(packet=packet, by=cast.actor(user), at=cast.at)
        about = AccessLog.objects.about("referral", referral.uuid).filter(field_group="packet")
        assert {row.user for row in about} == {cast.officer, cast.ngo_manager}
        for user in (cast.co_ordinator, cast.other_manager, cast.rapporteur):
            with pytest.raises(NotAllowed):
                identity.open_packet(packet=packet, by=cast.actor(user), at=cast.at)

    def test_ends_with_the_consent(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        consents.withdraw_consent(referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at)
        with pytest.raises(NotAllowed):
            identity.open_packet(
                packet=packet_of(referral), by=cast.actor(cast.officer), at=cast.at
            )

    def test_a_preview_with_a_name_is_logged(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        by = cast.actor(cast.ngo_caseworker)
        identity.packet_preview(referral=referral, by=by, at=cast.at)
        row = AccessLog.objects.about("referral", referral.uuid).get()
        assert (row.field_group, row.reason_code) == ("preview", "packet")
        names = ["name", "other_names", "birth_date"]
        identity.packet_preview(referral=referral, by=by, at=cast.at, struck=names)
        assert AccessLog.objects.about("referral", referral.uuid).count() == 1


class TestNotice:
    def test_shows_codes_in_words(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "gb"):
            notice = consents.notify_without_identity(
                referral=stages.refused(cast, cast.police_officer),
                by=cast.actor(cast.police_officer),
                at=cast.at,
                authority=cast.authority,
            )
        shown = {line.name: line.values for line in notice_shown(notice)}
        assert shown["refusal_reason"] == ("Fear of reprisals",)
        assert shown["first_responder"] == (cast.police.name,)
        assert stages.NAME not in str(shown)
