"""What ends before long, and which services, places and posts stand on it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from common.country import local_day
from common.workflow import NotAllowed
from funding.models.dependence import ServiceStanding
from funding.services import standings
from tests.funding import money
from tests.partners import deeds, houses
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
PAGE = reverse("funding:endings")
ClientFor = Callable[..., Any]


def standing(cast: Cast, **more: Any) -> ServiceStanding:
    given: dict[str, Any] = {"posts": Decimal("2.5"), **more}
    if "offer" not in given:
        given["offer"] = houses.shelter(cast)
    if not {"agreement", "award"} & set(given):
        given["agreement"] = deeds.signed(cast, days=100)
    return standings.enter_standing(by=cast.actor(cast.ngo_manager), at=cast.at, **given)


class TestAStanding:
    def test_is_on_one_thing_of_ones_own(self, cast: Cast) -> None:
        row = standing(cast)
        again = standing(cast, offer=row.offer, agreement=row.agreement, posts=Decimal(3))
        assert (again.pk, again.posts) == (row.pk, Decimal(3))
        with pytest.raises(IntegrityError), transaction.atomic():
            ServiceStanding.objects.filter(pk=row.pk).update(agreement=None)
        other = cast.actor(cast.other_manager)
        with pytest.raises(NotAllowed):
            standings.enter_standing(offer=row.offer, agreement=row.agreement, by=other, at=cast.at)
        with pytest.raises(NotAllowed):
            standings.remove_standing(standing=row, by=other, at=cast.at)
        for _twice in range(2):
            standings.remove_standing(standing=row, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert not ServiceStanding.objects.exists()

    def test_is_seen_by_its_own_and_the_co_ordination(self, cast: Cast) -> None:
        row = standing(cast)

        def sees(user: Any) -> bool:
            rows = ServiceStanding.objects.visible_to(cast.actor(user))
            return rows.filter(pk=row.pk).exists()

        assert all(map(sees, (cast.ngo_manager, cast.co_ordinator)))
        assert not any(map(sees, (cast.other_manager, cast.funder, cast.rapporteur)))


class TestThePage:
    def test_sums_what_stands_on_what_ends(self, cast: Cast, client_for: ClientFor) -> None:
        """A shelter of four places on an agreement of 100 days and an award of a year."""
        row = standing(cast)
        award = money.in_force(cast, until_on=local_day(cast.at) + timedelta(days=300))
        standing(cast, offer=row.offer, award=award, posts=Decimal(1))
        for user in (cast.ngo_manager, cast.co_ordinator):
            reader = client_for(user)
            text = reader.get(PAGE, {"months": "12"}).content.decode()
            assert "1 services with 4 places and 3.5 posts" in text
            assert award.reference in text
            assert "0 of 1 (0 %) are long-term: 24 months or more." in text
            text = reader.get(PAGE, {"months": "6"}).content.decode()
            assert "1 services with 4 places and 2.5 posts" in text
            with at_most(10):
                reader.get(PAGE, {"months": "12"})
        assert "Nothing ends in this time" in client_for(cast.rapporteur).get(PAGE).content.decode()

    def test_takes_one_agreement_or_one_award(self, cast: Cast, client_for: ClientFor) -> None:
        offer, agreement = houses.shelter(cast), deeds.signed(cast)
        manager, here = client_for(cast.ngo_manager), reverse("funding:standing-new")
        given = {"offer": offer.pk, "posts": "2"}
        assert "not both" in manager.post(here, given).content.decode()
        assert manager.post(here, {**given, "agreement": agreement.pk})["Location"] == PAGE
        remove = reverse("funding:standing-remove", args=[ServiceStanding.objects.get().uuid])
        assert client_for(cast.co_ordinator).post(remove).status_code == 403
        assert manager.post(remove)["Location"] == PAGE
        assert not ServiceStanding.objects.exists()
