"""Referrals for programs: an organisation's own case system reads, posts, amends and acts.

A token sees what its membership's groups see and does what whoever keeps the file does. Deciding
and opening an identity need a person who proved who they are; no token can.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.marks import Permission
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor, get_or_404
from partners.api import ApiView, page_body, page_fields
from partners.problems import Fault, Problem, answer, faults
from referrals import examples, reading, words
from referrals.acts import offers
from referrals.answers import label
from referrals.choices import STATUSES, Section
from referrals.codes import code_lists
from referrals.lists import ORDERS, inbox_page
from referrals.models import Referral
from referrals.sections import sections, states_asked, status
from referrals.serializers import (
    ACTS,
    ActionSerializer,
    AmendSerializer,
    AnswersSerializer,
    Choice,
    Code,
    CodeListSerializer,
    DetailSerializer,
    LineSerializer,
    PostSerializer,
    ReceiptSerializer,
    Strict,
)
from referrals.services import consents, decisions, identity, posting
from referrals.services import referrals as services
from referrals.services.posting import Given, KeyUsed, NotReady, Said
from referrals.workflow import referral_workflow

P = Permission
WITH = ("person", "consent", "first_responder", "authority", "region")
LONGEST_KEY = services.LONGEST_KEY
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description="What you call this referral, such as a UUID of your own record. Post the same as "
    "often as you like, also at once: there is one referral and always the same answer.",
)
TAG = ["Referrals"]
#: Acts beside the table that lead to a decision; those of the table are refused by their names.
OF_A_PERSON = ("positive", "negative", "propose", "take-back", "vote", "identity")


def visible(request: Request, uuid: UUID) -> Referral:
    """The referral of the address, if the token sees it; 404 otherwise."""
    return get_or_404(Referral.objects.select_related(*WITH), request.actor, uuid=uuid)


def valid(shape: type[Strict], request: Request) -> dict[str, Any]:
    """What was posted, checked. Raises ValidationError."""
    posted = shape(data=request.data)
    posted.is_valid(raise_exception=True)
    return dict(posted.validated_data)


def receipt(request: Request, referral: Referral, state: str, version: int) -> dict[str, Any]:
    url = request.build_absolute_uri(reverse("api:referral", args=[referral.uuid]))
    given = {"uuid": referral.uuid, "reference": referral.reference, "url": url}
    return dict(ReceiptSerializer({**given, "state": state, "version": version}).data)


# --- what goes wrong ------------------------------------------------------------------------------


@contextmanager
def as_problems() -> Iterator[None]:
    """What services refuse, in the API's one shape. Stale is left to the caller: it has texts."""
    try:
        yield
    except NotAllowed as error:
        raise Problem(403, error) from error
    except NotReady as error:
        raise _not_ready(error, error.missing) from error
    except MissingAnswers as error:
        given = [Fault(name, "required", _("This is needed.")) for name in error.names]
        raise Problem(400, error, errors=given) from error
    except NotPossible as error:
        raise Problem(422, error) from error
    except KeyUsed as error:
        remedy = _("Take a new key for another referral, or send the first body again.")
        raise Problem(422, error, code="key_used", what_to_do=remedy) from error
    except ModelValidationError as error:
        raise Problem(400, errors=faults(error)) from error


def _not_ready(error: NotPossible, missing: tuple[str, ...]) -> Problem:
    """What is still needed before it can be sent: first of all, on what it may leave."""
    code = "consent_missing" if "basis" in missing else "answers_missing"
    remedy = _("Send it again with what `errors` names. Nothing was sent; nobody was told.")
    return Problem(422, error, code=code, what_to_do=remedy, errors=map(_needed, missing))


def _needed(name: str) -> Fault:
    field = "consent" if name == "basis" else f"answers.{name}"
    words = _("Needed before it can be sent: %(name)s.") % {"name": label(name)}
    return Fault(field, "required", words)


def conflict(request: Request, referral: Referral, theirs: dict[str, Any]) -> Response:
    """409 with both texts. Answered, not raised: that theirs was read stays in the log."""
    yours = {name: value for name, value in request.data.items() if name != "version"}
    now = {"version": referral.version, "state": status(request.actor, referral), **theirs}
    return answer(409, yours=yours, theirs=now)


# --- the list, and posting ------------------------------------------------------------------------


class ListQuery(Strict):
    """How the list is narrowed and ordered."""

    order = Choice(
        choices=list(ORDERS),
        default="received",
        help_text="`received`: newest first. `due`: those with a deadline of yours, next first.",
    )
    state = serializers.ListField(
        child=Code(choices=STATUSES),
        required=False,
        help_text="One state or several.",
    )
    cursor = serializers.CharField(
        required=False, allow_blank=True, help_text="As given in `next` or `previous`."
    )


class Referrals(ApiView):
    """The inbox of the token's membership, and posting a referral."""

    marks: ClassVar = {"GET": P.REFERRAL_SEE, "POST": P.REFERRAL_MAKE}

    @extend_schema(
        operation_id="referrals_list",
        summary="The referrals your organisation made, or was sent",
        description="Never imported history, and never what was opened to one person alone.",
        tags=TAG,
        parameters=[ListQuery],
        responses=inline_serializer("ReferralPage", page_fields(LineSerializer(many=True))),
        examples=[examples.answer("A page", examples.PAGE)],
    )
    def get(self, request: Request) -> Response:
        asked = ListQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        page = inbox_page(
            request.actor,
            order=given["order"],
            cursor=given.get("cursor", ""),
            states=states_asked(request.actor, given.get("state", ())),
        )
        lines = [reading.line(each.referral, each.due_at, request.actor) for each in page.rows]
        return Response(page_body(request, page, LineSerializer(lines, many=True).data))

    @extend_schema(
        operation_id="referrals_create",
        summary="Post a referral: a draft, or sent at once",
        description="With `send`, everything is sent or nothing is kept. An adult’s referral "
        "without consent is refused. The answer holds nothing about the person.",
        tags=TAG,
        parameters=[KEY],
        request=PostSerializer,
        responses={201: ReceiptSerializer},
        examples=[
            examples.request("An adult’s referral, sent", examples.POSTED),
            examples.answer("Sent", examples.RECEIPT, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        actor: Actor = request.actor
        if P.REFERRAL_SEE not in actor.permissions:
            words = _("Whoever makes referrals has to read them too: this token may not read any.")
            raise Problem(403, words)
        key = _key(request)
        given = valid(PostSerializer, request)
        with as_problems():
            posted, is_replay = posting.post_referral(
                by=actor,
                at=actor.at,
                key=key,
                digest=_digest(request),
                given=_given(given),
                send=given["send"],
                struck=given.get("struck", ()),
            )
        body = receipt(request, posted.referral, posted.state, posted.version)
        headers = {"Location": body["url"]}
        if is_replay:
            headers["Idempotency-Replayed"] = "true"
        return Response(body, status=201, headers=headers)


def _key(request: Request) -> str:
    key: str = request.headers.get("Idempotency-Key", "").strip()
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        words = _("The header “Idempotency-Key” is missing, or is not 1 to 64 plain characters.")
        remedy = _("Send a key of your own for each referral, and the same one when you try again.")
        raise Problem(400, words, code="key_missing", what_to_do=remedy)
    return key


def _digest(request: Request) -> str:
    """Of the body as data: blanks and the order of its fields say nothing."""
    text = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return salted_hmac("referrals.api.posted", text, algorithm="sha256").hexdigest()


def _given(given: dict[str, Any]) -> Given:
    said = given.get("consent")
    return Given(
        answers=given.get("answers", {}),
        consent=Said(**said) if said else None,
        child_reasons=given.get("child_reasons"),
        identity=given.get("identity", {}),
    )


# --- one referral ---------------------------------------------------------------------------------


class ReferralDetail(ApiView):
    """One referral as far as it is open, and changing what has not been sent."""

    marks: ClassVar = {"GET": P.REFERRAL_SEE, "PATCH": P.REFERRAL_KEEP}
    answers_also: ClassVar = {"PATCH": (409,)}

    @extend_schema(
        operation_id="referrals_retrieve",
        summary="One referral, as far as it is open to you",
        description="Whoever keeps the file gets the file, a recipient the packet as it was sent. "
        "That it was read is logged. Who the person is is opened in the browser only.",
        tags=TAG,
        responses=DetailSerializer,
        examples=[examples.answer("Your own referral, sent", examples.DETAIL)],
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        referral = visible(request, uuid)
        with transaction.atomic():
            found = reading.case(referral, request.actor)
        found["actions"] = actions(request, referral)
        return Response(DetailSerializer(found).data)

    @extend_schema(
        operation_id="referrals_amend",
        summary="Change a draft, or a referral that was sent back",
        description="What is left out stays as it is. An older version than the present one is "
        "answered with both texts, and nothing is overwritten.",
        tags=TAG,
        request=AmendSerializer,
        responses=ReceiptSerializer,
        examples=[
            examples.request("One answer", {"version": 3, "answers": {"place": "BOTH"}}),
            examples.answer("Changed", {**examples.RECEIPT, "state": "draft"}),
        ],
    )
    def patch(self, request: Request, uuid: UUID) -> Response:
        actor: Actor = request.actor
        referral = visible(request, uuid)
        given = valid(AmendSerializer, request)
        try:
            with as_problems():
                saved = posting.amend_referral(
                    referral=referral,
                    by=actor,
                    at=actor.at,
                    version=given["version"],
                    given=_given(given),
                )
        except Stale:
            return self._both_texts(request, uuid, given)
        return Response(receipt(request, saved, status(request.actor, saved), saved.version))

    @staticmethod
    def _both_texts(request: Request, uuid: UUID, given: dict[str, Any]) -> Response:
        """What was sent, and the same answers as they are now, where the file is open."""
        now: Referral = visible(request, uuid)
        theirs: dict[str, Any] = {}
        if Section.FILE in sections(request.actor, now):
            identity.open_file(referral=now, by=request.actor, at=request.actor.at)
            asked = given.get("answers", {})
            there = AnswersSerializer(reading.answers_of(now, asked)).data
            theirs = {"answers": {name: there[name] for name in asked}}
        return conflict(request, now, theirs)


# --- acts -----------------------------------------------------------------------------------------


def actions(request: Request, referral: Referral) -> list[dict[str, Any]]:
    """The acts offered to the token, drawn from the workflow's table, with what each asks."""
    table = referral_workflow()
    unless = {
        each.name: row.unless for each, row in zip(table.transitions, table.rows(), strict=True)
    }
    return [
        {
            "name": offer.name,
            "title": offer.label,
            "possible": offer.is_possible,
            "reason": "" if offer.is_possible else offer.reason,
            **asked_by(offer.name),
            "unless": unless.get(offer.name, ""),
            "url": request.build_absolute_uri(
                reverse("api:referral-act", args=[referral.uuid, offer.name])
            ),
        }
        for offer in offers(referral, request.actor)
        if offer.name in ACTS
    ]


def asked_by(name: str) -> dict[str, list[str]]:
    """The fields an act needs and those it takes besides."""
    fields = ACTS[name]().fields.items()
    return {
        "asks": [field for field, kind in fields if kind.required],
        "may_ask": [field for field, kind in fields if not kind.required],
    }


class Actions(ApiView):
    """The acts there are for one referral."""

    marks: ClassVar = {"GET": P.REFERRAL_SEE}

    @extend_schema(
        operation_id="referrals_actions",
        summary="What can be done with a referral now, what it asks, and why not",
        description="Drawn from the table of the workflow. Deciding is not among them: a person "
        "does that, signed in with a second factor.",
        tags=TAG,
        responses=ActionSerializer(many=True),
        examples=[examples.answer("Its keeper may withdraw it", examples.WITHDRAW)],
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        found = actions(request, visible(request, uuid))
        return Response(ActionSerializer(found, many=True).data)


class Act(ApiView):
    """Carrying out one of them."""

    # Sending and notifying need REFERRAL_MAKE besides; their services ask for it.
    marks: ClassVar = {"POST": P.REFERRAL_KEEP}
    answers_also: ClassVar = {"POST": (409,)}

    @extend_schema(
        operation_id="referrals_act",
        summary="Do one of the acts",
        description="What each takes stands in the list of acts; `take_up` takes the version "
        "alone. An older version than the present one is answered with both texts.",
        tags=TAG,
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, enum=list(ACTS))],
        request=PolymorphicProxySerializer(
            "Act",
            # Not that of `take_up`: what it takes, `withdraw` takes too.
            [shape for name, shape in ACTS.items() if name != "take_up"],
            resource_type_field_name=None,
        ),
        responses={200: ReceiptSerializer},
        examples=[
            *(examples.request(name, value) for name, value in examples.ACTS.items()),
            examples.answer("Done", {**examples.RECEIPT, "state": "withdrawn", "version": 5}),
        ],
    )
    def post(self, request: Request, uuid: UUID, name: str) -> Response:
        actor: Actor = request.actor
        referral = visible(request, uuid)
        _refuse_unknown(name)
        given = valid(ACTS[name], request)
        try:
            with as_problems():
                _carry_out(name, given, referral, actor)
        except Stale:
            return self._both_texts(request, uuid)
        now = Referral.objects.get(pk=referral.pk)
        return Response(receipt(request, now, status(request.actor, now), now.version))

    @staticmethod
    def _both_texts(request: Request, uuid: UUID) -> Response:
        """What was sent, and what was decided or asked meanwhile, as far as it is open."""
        actor, now = request.actor, visible(request, uuid)
        theirs: dict[str, Any] = {}
        if Section.DECISION in sections(actor, now):
            identity.open_file(referral=now, by=actor, at=actor.at)
            theirs = {"texts": words.what_was_said(now)}
        return conflict(request, now, theirs)


def _refuse_unknown(name: str) -> None:
    """404 for an act that does not exist, 403 for one that is a person's."""
    if name in ACTS:
        return
    if name in OF_A_PERSON or name in {each.name for each in referral_workflow().transitions}:
        words = _("A person does this, signed in with a second factor: no program can.")
        raise Problem(403, words, code="needs_a_person")
    raise Http404


def _carry_out(name: str, given: dict[str, Any], referral: Referral, actor: Actor) -> None:
    common: dict[str, Any] = {"referral": referral, "by": actor, "at": actor.at}
    given.pop("confirmed", None)
    match name:
        case "send":
            posting.send_when_ready(**given, **common)
        case "answer":
            _refuse_unasked(given["answers"], referral)
            services.answer_questions(**given, **common)
        case "withdraw":
            consents.withdraw_consent(**given, **common)
        case "opinion":
            decisions.give_opinion(**given, **common)
        case "notify":
            consents.notify_without_identity(**given, **common)
        case _:
            referral_workflow().apply(referral, name, by=actor, at=actor.at, **given)


def _refuse_unasked(answers: dict[str, str], referral: Referral) -> None:
    """An answer to no question of this referral would be lost."""
    asked = {str(question.uuid) for question in words.open_questions(referral)}
    wrong = [
        Fault(f"answers.{uuid}", "unknown", _("There is no such question, or it was answered."))
        for uuid in answers
        if uuid not in asked
    ]
    if wrong and asked:
        raise Problem(400, errors=wrong)


# --- code lists -----------------------------------------------------------------------------------


class Codes(ApiView):
    """What the codes mean."""

    marks: ClassVar = {"GET": P.REFERRAL_SEE}

    @extend_schema(
        operation_id="codes_list",
        summary="Every code list, in the words of this country",
        description="A list is named after the field that takes its codes: `authority` has those "
        "a referral can be sent to, `struck` the fields that can be left out.",
        tags=["Codes"],
        responses=CodeListSerializer(many=True),
        examples=[examples.answer("One of the lists", examples.CODES)],
    )
    def get(self, request: Request) -> Response:
        return Response(CodeListSerializer(code_lists(), many=True).data)
