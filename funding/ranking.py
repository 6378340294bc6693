"""How points become a rank: weighted by criterion, the mean of the reviewers. Arithmetic only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from funding.call_choices import MOST_POINTS, ReviewState
from funding.models import Application, Call, Review

CENT = Decimal("0.01")
ALL = 100


def weighted(points: Mapping[int, int], weights: Mapping[int, int]) -> Decimal:
    """Points by criterion as a share of 100: full points everywhere make 100.

    Raises KeyError where a criterion has no points.
    """
    total = sum(weights.values())
    reached = sum(points[each] * weight for each, weight in weights.items())
    return Decimal(ALL * reached) / Decimal(MOST_POINTS * total)


def mean(scores: Iterable[Decimal]) -> Decimal | None:
    """Their mean to the hundredth; None of nothing."""
    scores = list(scores)
    if not scores:
        return None
    return (sum(scores, Decimal(0)) / len(scores)).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Ranked:
    """One application with its rank; equals share one. Without a score it has none."""

    application: Application
    score: Decimal | None
    rank: int | None
    reviews: int
    by_criterion: dict[int, Decimal]


def ranking(call: Call, applications: Iterable[Application], actor: Any) -> list[Ranked]:
    """The applications by their score, the best first, from the reviews this actor may read."""
    weights = dict(call.criteria.values_list("pk", "weight"))
    reviews: dict[int, list[dict[int, int]]] = {}
    seen = Review.objects.visible_to(actor).filter(reviewer__call=call, state=ReviewState.SUBMITTED)
    for review in seen.prefetch_related("scores"):
        points = {score.criterion_id: score.points for score in review.scores.all()}
        reviews.setdefault(review.application_id, []).append(points)
    found = [_scored(each, reviews.get(each.pk, []), weights) for each in applications]
    found.sort(key=lambda each: (each.score is None, -(each.score or 0), each.application.pk))
    return [_placed(each, found) for each in found]


def _scored(
    application: Application, reviews: list[dict[int, int]], weights: dict[int, int]
) -> Ranked:
    by_criterion = {
        pk: average
        for pk in weights
        if (average := mean(Decimal(points[pk]) for points in reviews)) is not None
    }
    score = mean(weighted(points, weights) for points in reviews)
    return Ranked(application, score, None, len(reviews), by_criterion)


def _placed(one: Ranked, all_of_them: list[Ranked]) -> Ranked:
    if one.score is None:
        return one
    better = sum(1 for each in all_of_them if each.score is not None and each.score > one.score)
    return Ranked(one.application, one.score, better + 1, one.reviews, one.by_criterion)
