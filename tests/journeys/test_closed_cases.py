"""A case that is closed: restricted by its keeper, opened in an emergency, ordered by a court."""

from collections.abc import Callable
from datetime import timedelta

from partners.choices import Role
from referrals.models import Disclosure, EmergencyAccess, Restriction
from referrals.services import disclosures, emergency
from tests.journeys.conftest import Visitor
from tests.referrals import stages
from tests.support.cast import Cast, works_for

WHY = "Invented: the suspect’s brother works at the authority."


class TestAClosedCase:
    def test_is_restricted_and_people_are_named_and_kept_out(
        self, stage: Cast, visit: Callable[..., Visitor]
    ) -> None:
        cast, referral = stage, stages.sent(stage)
        keeper = visit().arrive_as(cast.ngo_manager).open(f"/referrals/{referral.uuid}/")
        keeper.follow("Who may see this referral").follow("Restrict to named people")
        keeper.tick(cast.ngo_manager.display_name, cast.ngo_caseworker.display_name)
        keeper.write("Why", WHY).picture("restrict")
        keeper.press("Restrict to named people")
        keeper.follow("Keep an organisation out").pick("Organisation", cast.police.display_name)
        keeper.write("Why", WHY).press("Keep an organisation out").picture("protection")
        assert WHY in keeper.text
        restriction = Restriction.objects.get()
        keeper.open(f"/referrals/restricted/{restriction.uuid}/").picture("name-people")
        keeper.open("/referrals/restricted/").picture("restricted-cases")
        keeper.open("/referrals/in-person/").picture("open-in-person")
        assert referral.reference in keeper.text

    def test_is_opened_in_an_emergency_and_reviewed(
        self, stage: Cast, visit: Callable[..., Visitor]
    ) -> None:
        cast, referral = stage, stages.sent(stage)
        works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
        helper = visit().arrive_as(cast.stranger).open("/referrals/emergency/ask/")
        helper.write("Reference of the case", referral.reference)
        helper.tick("The person is in danger now")
        helper.write("Why it cannot wait", WHY).picture("emergency-ask")
        helper.press("Open the case").picture("emergency-case")
        assert "Open the identity" in helper.text
        access = EmergencyAccess.objects.get()
        assert access.opened_at is not None
        reviewer = visit().arrive_as(cast.ngo_manager)
        reviewer.open("/referrals/emergency/").picture("emergencies")
        reviewer.open(f"/referrals/emergency/{access.uuid}/").picture("emergency-review")
        reviewer.tick("It was justified").write("Why", WHY).press("Record the review")
        assert emergency.barred(cast.stranger, cast.at) == ""

    def test_is_handed_over_as_far_as_a_court_orders(
        self, stage: Cast, visit: Callable[..., Visitor]
    ) -> None:
        cast, referral = stage, stages.sent(stage)
        keeper = visit().arrive_as(cast.ngo_manager)
        keeper.open(f"/referrals/{referral.uuid}/orders/new/").picture("order-new")
        row = disclosures.enter_order(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            ordered_by="court",
            scope=["identity", "narrative"],
            legal_basis="Invented article 7.",
            order_reference="Invented order 12/2026.",
            second_body=cast.other_ngo,
            expires_on=(cast.at + timedelta(days=9)).date(),
        )
        outside = visit().arrive_as(cast.other_manager)
        outside.open(f"/referrals/orders/{row.uuid}/").picture("order-to-approve")
        outside.press("Approve")
        keeper.open(f"/referrals/orders/{row.uuid}/").press("Approve").picture("order")
        keeper.press("Open the copy to print").picture("order-copy")
        assert stages.NAME in keeper.text
        assert Disclosure.objects.get().is_approved
        keeper.open(f"/referrals/{referral.uuid}/who-looked/").picture("who-looked-orders")
