"""What an actor's sight is in the words of the second lock; `visible_to` says the same in Django's.

Neither is derived from the other: that they agree is what `tests/referrals/test_three_answers.py`
proves.
"""

from typing import Any

from common.marks import Permission
from common.rowlock import APP, NOBODY, Sight
from partners.choices import Role


def sight_of(actor: Any) -> Sight:
    """The actor's sight; nobody's for who is not signed in. Never the system's: see
    `common.rowlock.beyond_sight`."""
    if actor.user_id is None:
        return NOBODY
    sees = Permission.REFERRAL_SEE in actor.permissions
    groups = _list(actor.group_ids) if sees else ""
    narrowed = actor.is_enforcement or actor.own_files_only
    oversees = Permission.EMERGENCY_REVIEW in actor.permissions and actor.holds(Role.CO_ORDINATOR)
    said = {
        "at": actor.at.isoformat(),
        "user": str(actor.user_id),
        # What was opened to the person alone is not for a program with their token.
        "person": str(actor.user_id) if sees and actor.scopes is None else "",
        "groups": groups,
        # Grant rows are read without their referrals only where every one of them counts.
        "lists": "" if narrowed else groups,
        "organisation": str(actor.organisation_id or ""),
        "referrer": str(actor.user_id) if actor.is_enforcement else "",
        "keeper": str(actor.organisation_id) if actor.own_files_only else "",
        "steers": "t" if Permission.REFERRAL_STEER in actor.permissions else "",
        "oversees": "t" if oversees else "",
    }
    return Sight(APP, tuple(said.items()))


def _list(numbers: Any) -> str:
    return "{" + ",".join(str(int(number)) for number in numbers) + "}"
