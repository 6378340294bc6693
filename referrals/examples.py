"""Examples for the description of the API. Everybody and everything in them is invented."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

REFERRAL = "4d2f9f0e-6c57-4f0e-9a51-0d8f6f2b7a10"
AUTHORITY = "0b6f2f5a-31a5-4d0f-8a0c-5b1d6f0c9e77"
QUESTION = "c1f6a7de-8d65-4b8e-9c55-4f1b6a2d3e90"
URL = f"https://concord.example.org/api/v1/referrals/{REFERRAL}/"

POSTED: dict[str, Any] = {
    "answers": {
        "is_child_now": "no",
        "age_at_exploitation": "ADULT",
        "gender": "FEMALE",
        "nationalities": ["ALB"],
        "language": "sq",
        "exploitation": ["FORCED_LABOUR"],
        "means": ["TAKES_EARNINGS"],
        "indicators": ["DOCUMENTS"],
        "place": "HERE",
        "narrative": "An invented account: the person was promised work in a kitchen and not paid.",
        "authority": AUTHORITY,
    },
    "consent": {"agrees": "yes", "language": "sq", "with_interpreter": True},
    "identity": {"name": "Zorvelia Quillfeather (invented)", "birth_date": "1999"},
    "send": True,
    "struck": ["birth_date"],
    "confirmed": True,
}
RECEIPT: dict[str, Any] = {
    "uuid": REFERRAL,
    "reference": "R-7F3K-92QD",
    "state": "submitted",
    "version": 4,
    "url": URL,
}
LANTERN: dict[str, Any] = {
    "uuid": "f0a4b6a3-2c1d-4a55-8f3e-7b9b1f0d2c44",
    "name": "Lantern House (invented)",
}
OFFICE: dict[str, Any] = {"uuid": AUTHORITY, "name": "Identification Office (invented)"}
LINE: dict[str, Any] = {
    "uuid": REFERRAL,
    "reference": "R-7F3K-92QD",
    "state": "submitted",
    "created_at": "2026-03-02T09:12:00Z",
    "received_at": "2026-03-02T09:31:00Z",
    "due_at": None,
    "first_responder": LANTERN,
    "authority": OFFICE,
    "region": "XX-N",
}
PAGE: dict[str, Any] = {
    "results": [LINE],
    "next": None,
    "previous": None,
    "count": "1",
    "restarted": False,
}
WITHDRAW: dict[str, Any] = {
    "name": "withdraw",
    "title": "The person withdraws",
    "possible": True,
    "reason": "",
    "asks": ["version"],
    "may_ask": ["note"],
    "unless": "The referral does not rest on consent",
    "url": f"{URL}actions/withdraw/",
}
DETAIL: dict[str, Any] = {
    **LINE,
    "version": 4,
    "sections": ["decision", "file", "header", "justice", "narrative", "packet", "support"],
    "deadlines": [],
    "file": {
        "basis": "consent",
        "answers": {**POSTED["answers"], "region": "XX-N"},
        "has_identity": True,
        "runs_out_at": None,
    },
    "sent": [
        {
            "recipient": OFFICE,
            "version": 1,
            "sent_at": "2026-03-02T09:31:00Z",
            "struck": ["birth_date"],
        }
    ],
    "questions": [],
    "decisions": [],
    "opinions": [],
    "tracks": [{"kind": "consent", "status": "given", "since_at": "2026-03-02T09:31:00Z"}],
    "events": [
        {
            "kind": "referral.sent",
            "at": "2026-03-02T09:31:00Z",
            "organisation": LANTERN,
            "new_state": "submitted",
            "comment": "",
        }
    ],
    "actions": [WITHDRAW],
}
CODES: dict[str, Any] = {
    "name": "place",
    "codes": [{"code": "HERE", "label": "In this country"}],
}
#: What each act takes, by its name.
ACTS: dict[str, dict[str, Any]] = {
    "send": {"version": 3, "confirmed": True, "struck": []},
    "answer": {"version": 5, "answers": {QUESTION: "Since the spring (invented)."}},
    "withdraw": {"version": 4, "note": "The person thought about it again (invented)."},
    "take_up": {"version": 2},
    "opinion": {"text": "An invented opinion, before the decision."},
    "notify": {"version": 3, "authority": AUTHORITY},
}


def request(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def answer(name: str, value: Any, status: int = 200) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])
