"""How the API describes itself: what drf-spectacular cannot read off a view."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from partners.problems import MEDIA_TYPE, WORDS, ConflictSerializer, ProblemSerializer, body_of

#: What any address may answer with, whatever it is asked.
ALWAYS = (401, 403, 406, 429)
READING = ("GET", "HEAD")


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description of the API says that a token is sent."""

    target_class = "accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token …`: a manager of the organisation issues it under “Programs”.",
        }


class ApiSchema(AutoSchema):
    """Adds to each operation the problems it may answer with, each with an example."""

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status in self._statuses():
            if str(status) not in bodies:
                bodies[str(status)] = self._problem(status)
        return dict(sorted(bodies.items()))

    def _statuses(self) -> list[int]:
        found = set(ALWAYS)
        if "{" in self.path:
            found.add(404)
        if self.method not in READING:
            found |= {400, 413, 415, 422}
        elif self._get_parameters() and "{" not in self.path:
            found.add(400)
        return sorted(found | set(getattr(self.view, "answers_also", {}).get(self.method, ())))

    def _problem(self, status: int) -> Any:
        code, words, _remedy = WORDS[status]
        more = {"yours": {}, "theirs": {}} if status == 409 else {}
        response = OpenApiResponse(
            ConflictSerializer if status == 409 else ProblemSerializer,
            description=str(words),
            examples=[OpenApiExample(code, value=body_of(status, **more))],
        )
        return self._get_response_for_code(response, str(status), media_types=[MEDIA_TYPE])
