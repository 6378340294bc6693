"""How the API says that something went wrong: always in one shape (RFC 9457), and what to do now.

Nothing of a body that was sent stands in it: what a program logs of it is about nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

MEDIA_TYPE = "application/problem+json"
OF_THE_WHOLE = ""
"""The `field` of a fault that belongs to no single field."""

#: HTTP status → code, what went wrong, what to do. Where an error brings its own code and words,
#: those are taken.
WORDS: Mapping[int, tuple[str, Any, Any]] = {
    400: (
        "invalid",
        gettext_lazy("Something in what was sent is not as it has to be."),
        gettext_lazy("Correct what `errors` names and send it again. Nothing was kept."),
    ),
    401: (
        "not_authenticated",
        gettext_lazy("There is no token, or it works no longer."),
        gettext_lazy(
            "Send a token in the header “Authorization: Token …”. A manager of your organisation "
            "issues them under “Programs”."
        ),
    ),
    403: (
        "not_allowed",
        gettext_lazy("This token may not do this."),
        gettext_lazy(
            "Ask a manager of your organisation for a token that may, or let a person do it in the "
            "browser."
        ),
    ),
    404: (
        "not_found",
        gettext_lazy("There is nothing here."),
        gettext_lazy("Look at the address. What a token may not see answers as if it never was."),
    ),
    405: (
        "method_not_allowed",
        gettext_lazy("This address does not take this method."),
        gettext_lazy("The header “Allow” and the description of the API say which it takes."),
    ),
    406: (
        "not_acceptable",
        gettext_lazy("The API answers in JSON only."),
        gettext_lazy("Ask for “application/json”."),
    ),
    409: (
        "stale",
        gettext_lazy("Somebody else changed this in the meantime."),
        gettext_lazy("Compare `yours` with `theirs`, then send again with the present version."),
    ),
    413: (
        "too_large",
        gettext_lazy("What was sent is too large."),
        gettext_lazy("Send less at once; the longest account has 15,000 characters."),
    ),
    415: (
        "unsupported_media_type",
        gettext_lazy("The API reads JSON only."),
        gettext_lazy("Send JSON with the header “Content-Type: application/json”."),
    ),
    422: (
        "not_possible",
        gettext_lazy("This is not possible now."),
        gettext_lazy("Do what `detail` says first. Nothing was changed."),
    ),
    429: (
        "throttled",
        gettext_lazy("Too many requests in a short time."),
        gettext_lazy("Wait for as many seconds as the header “Retry-After” says, then go on."),
    ),
    500: (
        "server_error",
        gettext_lazy("Something is broken on our side."),
        gettext_lazy("Send the same again later, with the same key: nothing is done twice."),
    ),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field; `field` is its path, such as `answers.gender`."""

    field: str
    code: str
    detail: str


class Problem(exceptions.APIException):
    """An answer that something went wrong, in words of its own; see `WORDS` for the rest."""

    def __init__(
        self,
        status: int,
        detail: Any = "",
        *,
        code: str = "",
        what_to_do: Any = "",
        errors: Iterable[Fault] = (),
        **more: Any,
    ) -> None:
        self.status_code = status
        known, words, remedy = WORDS[status]
        super().__init__(str(detail or words), code or known)
        self.what_to_do = str(what_to_do or remedy)
        self.errors = tuple(errors)
        self.more = more


class FaultSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(
        help_text="Path of the field, such as `answers.gender`; empty for the whole."
    )
    code = serializers.CharField(help_text="What is wrong, for a program.")
    detail = serializers.CharField(help_text="What is wrong and what to do, for a person.")


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem (RFC 9457): what went wrong, for a program and for a person, and what to do."""

    type = serializers.CharField(help_text="Always `about:blank`: `code` tells problems apart.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField(help_text="The HTTP status, repeated.")
    code = serializers.CharField(help_text="What went wrong, for a program.")
    detail = serializers.CharField(help_text="What went wrong, for a person, in their language.")
    what_to_do = serializers.CharField(help_text="What to do now, for a person.")
    errors = FaultSerializer(many=True, help_text="What is wrong with which field.")


class ConflictSerializer(ProblemSerializer):
    """Two people changed the same thing: what was sent, and what is there now."""

    yours = serializers.DictField(help_text="What you sent, field by field.")
    theirs = serializers.DictField(help_text="What is there now: its version, state and texts.")


def body_of(
    status: int,
    *,
    code: str = "",
    detail: str = "",
    what_to_do: str = "",
    errors: Iterable[Fault] = (),
    **more: Any,
) -> dict[str, Any]:
    """The body of a problem, as `ProblemSerializer` describes it."""
    known, words, remedy = WORDS.get(status, WORDS[500])
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or known,
        "detail": detail or str(words),
        "what_to_do": what_to_do or str(remedy),
        "errors": [asdict(each) for each in errors],
        **more,
    }


def answer(status: int, **given: Any) -> Response:
    """A problem as an answer, where what was done until then stays done; keywords as `body_of`."""
    return Response(body_of(status, **given), status=status, content_type=MEDIA_TYPE)


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """The problem an error answers with; None for one of our own making, which is a 500."""
    if isinstance(exception, ModelValidationError):
        exception = Problem(400, errors=faults(exception))
    response = default_handler(exception, context)
    if response is None:
        return None
    response.data = _body(exception, response.status_code)
    response.content_type = MEDIA_TYPE
    return response


def _body(exception: Exception, status: int) -> dict[str, Any]:
    match exception:
        case Problem():
            return body_of(
                status,
                code=str(exception.get_codes()),
                detail=str(exception.detail),
                what_to_do=exception.what_to_do,
                errors=exception.errors,
                **exception.more,
            )
        case exceptions.ValidationError():
            return body_of(status, errors=list(_flat(exception.get_full_details())))
        case exceptions.ParseError():
            # Its own words quote what was sent.
            return body_of(status, code="not_json", detail=_("What was sent is not valid JSON."))
        case exceptions.AuthenticationFailed():
            return body_of(status, code="token_invalid", detail=str(exception.detail))
        case _:
            return body_of(status)


def faults(error: ModelValidationError, prefix: str = "") -> list[Fault]:
    """What a service refused, by the fields of the body: `prefix` stands before each name."""
    if not hasattr(error, "error_dict"):
        return [Fault(prefix.rstrip("."), "invalid", text) for text in error.messages]
    return [
        Fault(prefix + name, str(each.code or "invalid"), text)
        for name, problems in error.error_dict.items()
        for each in problems
        for text in each.messages
    ]


def _flat(details: Any, path: str = "") -> Iterable[Fault]:
    """DRF's nested answers as a list of paths."""
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        yield Fault(path, str(details["code"]), str(details["message"]))
    elif isinstance(details, Mapping):
        for name, inside in details.items():
            own = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _flat(inside, own)
    elif isinstance(details, list):
        for place, inside in enumerate(details):
            is_leaf = isinstance(inside, Mapping) and set(inside) == {"message", "code"}
            yield from _flat(inside, path if is_leaf else f"{path}.{place}".lstrip("."))
