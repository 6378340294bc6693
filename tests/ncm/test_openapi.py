"""The description of the API: valid, whole, with invented examples, and for token holders only."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from common.marks import Permission
from ncm.openapi import document
from tests.support.cast import Cast
from tests.support.programs import HERE, ProgramClient, _registry, description, program_of

SCHEMA = reverse("api:schema")


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


class TestDescription:
    def test_is_valid_openapi_3_1_drawn_without_a_warning(self) -> None:
        GENERATOR_STATS.reset()
        drawn = document()
        assert drawn["openapi"].startswith("3.1")
        validate_schema(drawn)
        assert not GENERATOR_STATS

    @pytest.mark.parametrize("name", [name for name, _operation in operations()])
    def test_of_each_operation_has_a_summary_and_its_problems(self, name: str) -> None:
        operation = dict(operations())[name]
        assert operation["summary"]
        assert operation["security"] == [{"token": []}]
        answers = operation["responses"]
        assert {"401", "403", "429"} <= set(answers)
        if "{uuid}" in name:
            assert "404" in answers
        if not name.startswith("GET"):
            assert {"400", "422"} <= set(answers)
            assert operation["requestBody"]["content"]["application/json"]["examples"]
        for status, answer in answers.items():
            if int(status) >= 400:
                assert "application/problem+json" in answer["content"]
                assert answer["description"]

    def test_has_examples_that_fit_it(self) -> None:
        wrong = []
        for name, operation in operations():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media in (m for body in bodies for m in body.get("content", {}).values()):
                schema = {**media["schema"]}
                if ref := schema.get("$ref"):
                    schema = {"$ref": HERE + ref}
                elif "items" in schema:
                    schema["items"] = {"$ref": HERE + schema["items"]["$ref"]}
                validator = Draft202012Validator(schema, registry=_registry())
                for label, example in media.get("examples", {}).items():
                    for error in validator.iter_errors(example["value"]):
                        wrong.append(f"{name} {label}: {error.json_path}: {error.message[:120]}")
        assert wrong == []

    def test_names_nobody_but_the_invented(self) -> None:
        text = str(description())
        assert "(invented)" in text
        assert "@" not in text.replace("@vary", "")


@pytest.mark.django_db
class TestDownload:
    def test_is_for_any_token_that_works_and_nobody_else(
        self, cast: Cast, at: Any, client: Any, client_for: Any
    ) -> None:
        assert client.get(SCHEMA).status_code == 401
        assert client_for(cast.ngo_manager).get(SCHEMA).status_code == 401
        program = program_of(cast.ngo_manager, Permission.ORGANISATION_SEE, at=at)
        assert program.get(SCHEMA).json()["info"]["title"] == "Concord"


@pytest.mark.django_db
class TestThrottle:
    def program(self, cast: Cast, at: Any) -> ProgramClient:
        client: ProgramClient = program_of(cast.ngo_manager, Permission.REFERRAL_SEE, at=at)
        return client

    def test_stops_a_token_that_asks_too_often_and_says_how_long(
        self, cast: Cast, at: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "partners.throttling.TokenThrottle.THROTTLE_RATES", {"read": "2/min", "write": "1/min"}
        )
        program, other = self.program(cast, at), self.program(cast, at)
        url = reverse("api:referrals")
        assert [program.get(url).status_code for _n in range(3)] == [200, 200, 429]
        stopped = program.get(url)
        assert int(stopped.headers["Retry-After"]) > 0
        assert stopped.json()["code"] == "throttled"
        assert other.get(url).status_code == 200

    def test_lets_everybody_in_while_the_cache_is_away(
        self, cast: Cast, at: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        def broken(*_given: Any, **_more: Any) -> None:
            raise ConnectionError("no cache")

        program = self.program(cast, at)
        monkeypatch.setattr(type(cache._connections["default"]), "get", broken)
        assert program.get(reverse("api:referrals")).status_code == 200
        assert "not throttled" in caplog.text


class TestUnknownAddress:
    def test_answers_in_the_shape_of_the_api(self, client: Any, db: None) -> None:
        response = client.get("/api/v1/nowhere/")
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "not_found"

        assert "text/html" in client.get("/nowhere/").headers["Content-Type"]


@pytest.mark.django_db
class TestThePage:
    GUIDE = reverse("ncm:programs")

    def test_is_for_whoever_looks_after_tokens_and_in_their_navigation(
        self, cast: Cast, client_for: Any
    ) -> None:
        client = client_for(cast.ngo_manager)
        page = client.get(self.GUIDE)
        assert reverse("partners:tokens") in page.content.decode()
        assert self.GUIDE in self.led_to(page)
        for user in (cast.ngo_caseworker, cast.co_ordinator):
            assert client_for(user).get(self.GUIDE).status_code == 403
            assert self.GUIDE not in self.led_to(client_for(user).get(reverse("ncm:home")))

    def led_to(self, response: Any) -> set[str]:
        sections = response.context["navigation"]
        return {entry["href"] for each in sections for entry in [each, *each["entries"]]}

    def test_gives_the_description_as_a_file(self, cast: Cast, client_for: Any) -> None:
        response = client_for(cast.ngo_manager).get(reverse("ncm:programs-description"))
        assert "attachment" in response.headers["Content-Disposition"]
        assert response.json() == description()

    def test_shows_what_a_program_really_posts(self, cast: Cast, at: Any, client_for: Any) -> None:
        page = client_for(cast.ngo_manager).get(self.GUIDE)
        body = json.loads(page.context["posted"].split("\n\n", 1)[1])
        body["answers"]["authority"] = str(cast.authority.uuid)
        scopes = (Permission.REFERRAL_SEE, Permission.REFERRAL_MAKE)
        program = program_of(cast.ngo_manager, *scopes, at=at)
        response = program.send("POST", reverse("api:referrals"), body, key="of-the-guide")
        assert response.json()["state"] == "submitted"
        assert set(response.json()) == set(json.loads(page.context["receipt"]))


@pytest.mark.django_db
class TestTheLongGuide:
    def test_posts_what_works_and_shows_what_is_answered(self, cast: Cast, at: Any) -> None:
        guide = (Path(settings.BASE_DIR) / "docs/how-to/use-the-api.md").read_text()
        posted, receipt, acts, problem = (
            json.loads(block) for block in re.findall(r"```json\n(.+?)```", guide, re.DOTALL)
        )
        posted["answers"]["authority"] = str(cast.authority.uuid)
        scopes = (Permission.REFERRAL_SEE, Permission.REFERRAL_MAKE)
        program = program_of(cast.ngo_manager, *scopes, at=at)
        refused = {name: value for name, value in posted.items() if name != "consent"}
        assert program.send("POST", reverse("api:referrals"), refused, key="g").json() == problem
        answered = program.send("POST", reverse("api:referrals"), posted, key="g").json()
        assert set(answered) == set(receipt)
        listed = program.get(answered["url"] + "actions/").json()
        like = next(each for each in listed if each["name"] == "withdraw")
        assert {**like, "url": ""} == {**acts[0], "url": ""}
