"""Referrals of invented nobodies with everything around them: people, consents, grants with their
reasons, deadlines, notices; then, written from those in SQL, tracks, decisions, timeline, history.

Skewed as a country is: one NGO and the police make much of it, most organisations a handful, and
one authority decides on most. What a person said is sealed for the first `SEALED` people under a
key of their own; all later ones carry a copy of one sealed text of the same length, which does not
open. Packets are made for no one: no bar reads them.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import Permission as AuthPermission

from bench.copying import NULL, Rows, fresh_uuids, insert_from, set_sequences, text, without_indexes
from bench.people import Office, Registry
from common.references import new_reference
from common.sealing import new_data_key, open_data_key, seal
from deadlines.models import Deadline, Notice
from partners.choices import GrantReason, Role
from referrals.choices import (
    AgeGroup,
    Exploitation,
    Gender,
    Indicator,
    Means,
    Origin,
    PlaceOfExploitation,
    State,
)
from referrals.models import (
    Consent,
    Decision,
    Identity,
    ImportBatch,
    Person,
    Referral,
    ReferralEvent,
    ReferralGrantBasis,
    ReferralGroupGrant,
    ReferralUserGrant,
    Track,
)

BASE = 10_000
"""The size that every larger one is compared with."""
CHUNK = 20_000
SEALED = 1_000
SMALL = 300
"""Referrals of the small NGO, and of the police officer who sees own cases only, at every size."""
YEARS = 8
STORY = "Invented. " * 60
STATES = {
    State.DRAFT: 3,
    State.EXPIRED: 1,
    State.SUBMITTED: 6,
    State.RETURNED: 1,
    State.PRELIM_POSITIVE: 14,
    State.PRELIM_NEGATIVE: 15,
    State.CONCL_POSITIVE: 36,
    State.CONCL_NEGATIVE: 14,
    State.WITHDRAWN: 5,
}
AT_HOME = {State.DRAFT, State.EXPIRED}
WAITING = {State.SUBMITTED, State.PRELIM_POSITIVE}
HISTORY = 20  # one in so many is imported history: no person, no grant
BIG = (Referral, Person, Identity, Consent, ReferralGroupGrant, Deadline, Notice)
DERIVED = (ReferralGrantBasis, Track, ReferralEvent, Decision)


@dataclass(frozen=True)
class Sealed:
    """A person's wrapped key and what is sealed under it, as COPY reads them."""

    key: str
    name: str
    contact: str
    story: str


def sealed_for(uuid: str) -> Sealed:
    wrapped = new_data_key(UUID(uuid))
    key = open_data_key(wrapped, UUID(uuid))

    def cell(field: str, plain: str) -> str:
        return text(seal(plain, key=key, field=field, owner=UUID(uuid)))

    return Sealed(
        text(wrapped),
        cell("identity.name", "Invented Person"),
        cell("identity.safe_contact", "Tuesdays, by a friend"),
        cell("referral.narrative", STORY),
    )


class Cases:
    """Fills up to a number of referrals, and on from there when asked again."""

    def __init__(self, registry: Registry, at: datetime) -> None:
        self.registry, self.at, self.made = registry, at, 0
        self.small = SMALL
        self._copied = sealed_for(str(uuid4()))
        self._references: set[str] = set()
        self._batch = ImportBatch.objects.create(
            profile="bench",
            file_digest="bench",
            rows_read=0,
            rows_added=0,
            rows_known=0,
            rows_refused=0,
            imported_at=at,
        )
        found = AuthPermission.objects.filter(content_type__app_label="referrals")
        self._permissions = {
            codename.removesuffix("_referral"): str(pk)
            for codename, pk in found.values_list("codename", "pk")
            if codename.endswith("_referral")
        }
        self._tables = _tables()

    def fill(self, until: int, say: Callable[[str], None] = lambda line: None) -> None:
        """Make referrals until there are `until`; the indexes of larger numbers are built after."""
        if until - self.made <= BASE:
            self._fill(until, say)
        else:
            with without_indexes([m._meta.db_table for m in (*BIG, *DERIVED, _history())]):
                self._fill(until, say)
                say("building indexes")
        set_sequences(self._tables.values())

    def _fill(self, until: int, say: Callable[[str], None]) -> None:
        before = self.made
        while self.made < until:
            number = min(CHUNK, until - self.made)
            self._chunk(self.made + 1, number)
            self.made += number
            say(f"{self.made:,} referrals")
        _derive(before, self.registry.users["officer"].pk)
        if not before:
            self._open_some_to_one_person()

    def _open_some_to_one_person(self) -> None:
        """A grant to a person stands beside those of groups, here and there."""
        person = str(self.registry.users["other officer"].pk)
        some = "FROM referrals_referral WHERE person_id IS NOT NULL AND mod(id, 1000) = 0"
        insert_from(
            ReferralUserGrant,
            {
                "content_object_id": "id",
                "user_id": person,
                "permission_id": self._permissions["see"],
                "sort_at": "created_at",
                "status": "state",
            },
            some,
        )
        insert_from(
            ReferralGrantBasis,
            {
                "subject_id": "id",
                "user_id": person,
                "permission": "'see'",
                "reason": f"'{GrantReason.INDIVIDUAL}'",
                "since_at": "created_at",
            },
            some,
        )

    def _chunk(self, first: int, number: int) -> None:
        rng = random.Random(first)  # noqa: S311 - figures, not secrets
        uuids, people = fresh_uuids(number), fresh_uuids(number)
        states = rng.choices(list(STATES), list(STATES.values()), k=number)
        offices = self._offices(rng, first, number)
        coded = _codes(rng, number)
        for n in range(number):
            pk = first + n
            if pk % HISTORY == 7:
                self._historical(rng, pk, uuids[n], offices[n], coded[n])
            else:
                self._live(rng, pk, uuids[n], people[n], states[n], offices[n], coded[n])
        for rows in self._tables.values():
            rows.send()

    # --- whose it is ------------------------------------------------------------------------------

    def _offices(self, rng: random.Random, first: int, number: int) -> list[Office]:
        """Who makes each: the first of them the newcomer and the small NGO, then by weight."""
        named, crowd = self.registry.named, self.registry.crowd
        offices = [named["large"], named["police"], *crowd]
        # The rest falls off with the rank, so that a few are busy and most are not.
        weights = [1 / (20 + rank) for rank in range(len(crowd))]
        weights = [0.25 * sum(weights), 0.2 * sum(weights), *weights]
        chosen = rng.choices(offices, weights, k=number)
        for n in range(number):
            if first + n == 1:
                chosen[n] = named["one"]
            elif first + n <= 1 + self.small:
                chosen[n] = named["small"]
            elif first + n <= 1 + 2 * self.small:
                chosen[n] = named["police"]
        return chosen

    def _referrer(self, rng: random.Random, pk: int, office: Office) -> int:
        if office.is_enforcement:
            # Law enforcement sees what it made itself: the first officer's number stays the same.
            return office.people[0 if pk <= 1 + 2 * self.small else 1]
        return rng.choice(office.people)

    # --- one referral -----------------------------------------------------------------------------

    def _reference(self) -> str:
        while (reference := new_reference("R")) in self._references:
            pass
        self._references.add(reference)
        return reference

    def _historical(
        self, rng: random.Random, pk: int, uuid: str, office: Office, codes: tuple[str, ...]
    ) -> None:
        received = self.at - timedelta(seconds=rng.randrange(86_400, YEARS * 365 * 86_400))
        decided = rng.choice((State.CONCL_POSITIVE, State.CONCL_NEGATIVE))
        self._tables["referral"].add(
            *(str(pk), uuid, self._reference(), Origin.HISTORICAL, "imported", NULL, NULL),
            *(str(self._batch.pk), f"bench:{pk}", str(office.pk), NULL, NULL, NULL),
            *(NULL, decided, str(received), NULL, str(received), str(received.date()), *codes),
        )

    def _live(
        self,
        rng: random.Random,
        pk: int,
        uuid: str,
        person: str,
        state: State,
        office: Office,
        codes: tuple[str, ...],
    ) -> None:
        is_sent = state not in AT_HOME
        # What waits is young, and a draft was saved lately: the sweep has nothing to do.
        days = 100 if state in WAITING else 7 if not is_sent else YEARS * 365
        begun = self.at - timedelta(seconds=rng.randrange(3_600, days * 86_400))
        authority = self.registry.named["authority" if rng.random() < 0.8 else "other authority"]
        referrer = str(self._referrer(rng, pk, office))
        consents = is_sent and rng.random() < 0.85
        basis = "consent" if consents else "child" if is_sent else ""
        at, key = str(begun), str(pk)
        cells = sealed_for(person) if pk <= SEALED else self._copied
        tables = self._tables
        tables["person"].add(key, person, cells.key, str(office.pk), at)
        tables["identity"].add(key, key, cells.name, cells.contact, text(rng.randbytes(16)))
        if consents:
            tables["consent"].add(key, key, "referral", "en", at, referrer)
        tables["referral"].add(
            *(key, uuid, self._reference(), Origin.LIVE, basis, key, key if consents else NULL),
            *(NULL, NULL, str(office.pk), referrer, str(authority.pk) if is_sent else NULL),
            *(rng.choice(self._regions), cells.story, state, at, at),
            *((at, str(begun.date())) if is_sent else (NULL, NULL)),
            *codes,
        )
        due = begun + timedelta(days=110)
        self._grant(key, office, authority if is_sent else None, at, state, due)
        if is_sent:
            self._clocks(pk, uuid, office, authority, begun, state, due)
            colleague = str(rng.choice(office.people))
            tables["notice"].add(colleague, "referral_returned", uuid, f"bench:{pk}", at, at)

    @property
    def _regions(self) -> list[str]:
        return [str(pk) for pk in self.registry.regions]

    def _grant(
        self,
        key: str,
        office: Office,
        authority: Office | None,
        at: str,
        state: State,
        due: datetime,
    ) -> None:
        """What `open_referral` and sending grant: the working file at home, sight to who decides"""
        rows = self._tables["grant"]
        for role in (Role.CASEWORKER, Role.MANAGER):
            for permission in ("see", "work", "identity"):
                group = str(office.groups[role.value])
                rows.add(group, self._permissions[permission], key, at, state, NULL)
        if authority is not None and state != State.WITHDRAWN:
            group = str(authority.groups[Role.OFFICER.value])
            waits = str(due) if state in WAITING else NULL
            rows.add(group, self._permissions["see"], key, at, state, waits)

    def _clocks(
        self,
        pk: int,
        uuid: str,
        office: Office,
        authority: Office,
        begun: datetime,
        state: State,
        due: datetime,
    ) -> None:
        """Three or four. All lie ahead: the sweep finds nothing until a bar moves some."""
        waits = state in WAITING
        stage = "preliminary" if state == State.SUBMITTED else "conclusive"
        rules = {"referral_decision": f"{stage}_decision"}
        status = []
        if state == State.CONCL_POSITIVE:
            status.append(("status_validity", office.groups[Role.CASEWORKER.value], False))
        for kind, group, is_open in (
            ("referral_decision", authority.groups[Role.OFFICER.value], waits),
            ("recovery_period", office.groups[Role.CASEWORKER.value], waits),
            ("reconsideration_request", office.groups[Role.MANAGER.value], waits and pk % 2 == 0),
            *status,
        ):
            tell = self.at + timedelta(days=1, seconds=pk % 8_000_000)
            rule = rules.get(kind, kind)
            self._tables["deadline"].add(
                *(kind, rule, "referral", uuid, str(group), "latest", "days", "30"),
                *("excluded", "none", str(begun), str(due), str(begun)),
                NULL if is_open else str(begun + timedelta(days=20)),
                *(("after", str(tell)) if is_open else ("", NULL)),
            )


def _tables() -> dict[str, Rows]:
    return {
        "person": Rows(Person, "id", "uuid", "data_key", "kept_by_id", "created_at"),
        "identity": Rows(Identity, "id", "person_id", "name_ct", "safe_contact_ct", "name_index"),
        "consent": Rows(
            Consent, "id", "person_id", "purpose", "language", "given_at", "recorded_by_id"
        ),
        "referral": Rows(
            Referral,
            *("id", "uuid", "reference", "origin", "basis", "person_id", "consent_id"),
            *("batch_id", "import_key", "first_responder_id", "referrer_id", "authority_id"),
            *("region_id", "narrative_ct", "state", "created_at", "saved_at"),
            *("received_at", "received_on"),
            *("responder_type", "is_child_now", "age_at_exploitation", "gender"),
            *("nationalities", "exploitation", "means", "indicators", "place"),
        ),
        "grant": Rows(
            ReferralGroupGrant,
            *("group_id", "permission_id", "content_object_id", "sort_at", "status", "due_at"),
        ),
        "deadline": Rows(
            Deadline,
            *("kind", "rule_code", "subject_kind", "subject_uuid", "group_id", "bound", "unit"),
            *("amount", "day_zero", "roll", "starts_at", "due_at", "created_at", "met_at"),
            *("next_stage", "next_at"),
        ),
        "notice": Rows(
            Notice, "recipient_id", "kind", "subject_uuid", "key", "created_at", "mailed_at"
        ),
    }


def _codes(rng: random.Random, number: int) -> list[tuple[str, ...]]:
    """What is asked of a referral, by codes; many forms and nationalities stand alone, some not."""

    def drawn(values: list[str]) -> list[str]:
        # A few of a list are common, the rest seldom.
        return rng.choices(values, [1 / (1 + place) for place in range(len(values))], k=number)

    def several(values: list[str]) -> list[str]:
        one, two, both = drawn(values), drawn(values), rng.choices((False, True), (4, 1), k=number)
        order = {value: place for place, value in enumerate(values)}
        return [
            "+".join(sorted({a, b}, key=order.__getitem__)) if more else a
            for a, b, more in zip(one, two, both, strict=True)
        ]

    countries = [f"X{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(90)]
    return list(
        zip(
            drawn(["NGO", "POLICE", "GOVERNMENT", "LOCAL_AUTHORITY"]),
            rng.choices(["yes"], k=number),
            drawn([str(code) for code in AgeGroup.values]),
            drawn([str(code) for code in Gender.values]),
            several(countries),
            several([str(code) for code in Exploitation.values]),
            several([str(code) for code in Means.values]),
            several([str(code) for code in Indicator.values]),
            drawn([str(code) for code in PlaceOfExploitation.values]),
            strict=True,
        )
    )


# --- what is written from the rows above ----------------------------------------------------------


def _history() -> type:
    return Referral.history.model  # type: ignore[attr-defined,no-any-return]


def _derive(after: int, officer: int) -> None:
    """Everything that repeats what stands in the rows behind the key `after`."""
    insert_from(
        ReferralGrantBasis,
        {
            "subject_id": "g.content_object_id",
            "group_id": "g.group_id",
            "permission": "split_part(p.codename, '_', 1)",
            "reason": f"CASE WHEN o.role = 'officer' THEN '{GrantReason.AUTHORITY}' "
            f"ELSE '{GrantReason.FIRST_RESPONDER}' END",
            "since_at": "g.sort_at",
        },
        f"FROM {ReferralGroupGrant._meta.db_table} g "
        "JOIN auth_permission p ON p.id = g.permission_id "
        "JOIN partners_rolegroup o ON o.group_id = g.group_id WHERE g.content_object_id > %s",
        [after],
    )
    insert_from(
        Track,
        {
            "referral_id": "r.id",
            "kind": "t.kind",
            "status": "CASE WHEN t.kind = 'identification' THEN r.state ELSE t.status END",
            "since_at": "r.created_at",
        },
        f"FROM referrals_referral r CROSS JOIN ({_TRACKS}) AS t (kind, status) "
        "WHERE r.id > %s AND r.origin = 'live'",
        [after],
    )
    insert_from(
        ReferralEvent,
        {
            "referral_id": "r.id",
            "kind": "e.kind",
            "section": "'header'",
            "at": "r.created_at + e.later",
            "by_id": "r.referrer_id",
            "by_organisation_id": "r.first_responder_id",
            "new_state": "CASE WHEN e.kind = 'referral.sent' THEN 'submitted' ELSE '' END",
        },
        f"FROM referrals_referral r CROSS JOIN ({_EVENTS}) AS e (kind, later) WHERE r.id > %s "
        "AND r.origin = 'live' AND (r.received_at IS NOT NULL OR e.kind <> 'referral.sent')",
        [after],
    )
    _derive_decisions(after, officer)
    _derive_history(after)


def _derive_decisions(after: int, officer: int) -> None:
    insert_from(
        Decision,
        {
            "referral_id": "r.id",
            "stage": "d.stage",
            "outcome": "d.outcome",
            "decided_on": "r.received_on + d.later",
            "decided_at": "r.received_at + d.later * interval '1 day'",
            "decided_by_id": str(officer),
            "decided_for_id": "r.authority_id",
            "reasons_ct": "CASE WHEN d.outcome = 'negative' THEN r.narrative_ct END",
        },
        f"FROM referrals_referral r JOIN ({_DECISIONS}) AS d (state, stage, outcome, later) "
        "ON d.state = r.state WHERE r.id > %s AND r.origin = 'live'",
        [after],
    )


def _derive_history(after: int) -> None:
    """Two versions of each referral: as it was begun, and as it is."""
    kept = {field.column for field in _history()._meta.concrete_fields}
    columns = [field.column for field in Referral._meta.concrete_fields if field.column in kept]
    for kind, column in (("+", "created_at"), ("~", "received_at")):
        insert_from(
            _history(),
            {
                **{each: f'"{each}"' for each in columns},
                "history_date": column,
                "history_type": f"'{kind}'",
            },
            f"FROM referrals_referral WHERE id > %s AND {column} IS NOT NULL AND origin = 'live'",
            [after],
        )


_TRACKS = """VALUES ('identification', ''), ('consent', 'given'), ('support', 'receiving'),
    ('residence', 'not_asked'), ('justice', 'not_asked'), ('data', 'held')"""
_EVENTS = """VALUES ('referral.opened', interval '0'),
    ('referral.changed', interval '1 hour'),
    ('referral.sent', interval '2 hours')"""
_DECISIONS = """VALUES
    ('prelim_positive', 'preliminary', 'positive', 5),
    ('prelim_negative', 'preliminary', 'negative', 5),
    ('concl_positive', 'preliminary', 'positive', 5),
    ('concl_positive', 'conclusive', 'positive', 50),
    ('concl_negative', 'preliminary', 'positive', 5),
    ('concl_negative', 'conclusive', 'negative', 50)"""
