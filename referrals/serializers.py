"""The referral as the API takes and shows it: literal fields, codes instead of words, ISO 8601.

What is read of a referral stands in `referrals/reading.py`; what may leave as a packet, in
`packets.toml`. A field that is not named here never leaves, whatever those say.
"""

from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.profile import Bound
from partners.languages import offered_languages
from partners.models import Area, Organisation
from referrals import choices, deciding, packets
from referrals.answers import LONGEST_NARRATIVE, LONGEST_NOTE
from referrals.services.identity import LONGEST
from referrals.services.posting import AGREES, NOT_NOW, REFUSES

Shape = serializers.Serializer[Any]
UNKNOWN_FIELD = gettext_lazy("There is no such field. Look at its spelling: nothing was kept.")


class Strict(Shape):
    """Refuses a field it does not know: a misspelt answer that is dropped would be a lost one."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields), key=str)):
            fault = serializers.ErrorDetail(str(UNKNOWN_FIELD), "unknown")
            raise serializers.ValidationError({str(name): [fault] for name in unknown})
        return super().to_internal_value(data)


# --- codes ----------------------------------------------------------------------------------------


class Code(serializers.ChoiceField):
    """A code of a list; "" where nothing was answered."""

    default_error_messages = {
        "invalid_choice": gettext_lazy("This is no code of the list; see /api/v1/codes/.")
    }


class Codes(serializers.ListField):
    """Codes of a list, each once."""

    def __init__(self, codes: type[TextChoices], **more: Any) -> None:
        super().__init__(child=Code(choices=codes.choices), max_length=len(codes), **more)


def code(codes: type[TextChoices], **more: Any) -> Code:
    return Code(choices=codes.choices, required=False, allow_blank=True, **more)


class Choice(Code):
    """One of a few words."""

    default_error_messages = {
        "invalid_choice": gettext_lazy("Take one of the words that the description of the API has.")
    }


class KnownRow(serializers.SlugRelatedField[Model]):
    """A row by the name that programs know it by."""

    default_error_messages = {
        "does_not_exist": gettext_lazy("This is not in the list; see /api/v1/codes/."),
        "invalid": gettext_lazy("This is not in the list; see /api/v1/codes/."),
    }

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, **more})


@extend_schema_field(OpenApiTypes.STR)
class RegionField(KnownRow):
    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="code", queryset=Area.objects.all(), **more)


@extend_schema_field(OpenApiTypes.UUID)
class AuthorityField(KnownRow):
    """An organisation that decides, by its uuid; which ones do changes with the seats."""

    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="uuid", queryset=Organisation.objects.none(), **more)

    def get_queryset(self) -> QuerySet[Any]:
        return deciding.recipients()

    def to_internal_value(self, data: Any) -> Model:
        try:
            return super().to_internal_value(UUID(str(data)))
        except ValueError:
            self.fail("invalid")


class Language(serializers.CharField):
    """ISO 639-1 code of a language that a page offers too."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=16, **more)

    def to_internal_value(self, data: Any) -> str:
        given = super().to_internal_value(data)
        if given and given not in dict(offered_languages()):
            raise serializers.ValidationError(Code.default_error_messages["invalid_choice"])
        return str(given)


# --- what is posted -------------------------------------------------------------------------------


class AnswersSerializer(Strict):
    """The answers of a referral, by code; what is left out stays as it is."""

    is_child_now = code(choices.YesNoUnknown, help_text="Whether the person is under 18 now.")
    age_at_exploitation = code(choices.AgeGroup)
    gender = code(choices.Gender, help_text="As the person says.")
    nationalities = serializers.ListField(
        child=serializers.CharField(max_length=30),
        max_length=5,
        required=False,
        help_text="ISO 3166 codes of three letters, the first first.",
    )
    language = Language(required=False, allow_blank=True, help_text="To speak with the person.")
    exploitation = Codes(choices.Exploitation, required=False)
    means = Codes(choices.Means, required=False, help_text="How the person was controlled.")
    indicators = Codes(choices.Indicator, required=False)
    place = code(choices.PlaceOfExploitation)
    region = RegionField(help_text="Code of an area.")
    narrative = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=f"What happened, without names; at most {LONGEST_NARRATIVE:,} characters.",
    )
    authority = AuthorityField(help_text="Whom it is sent to; the list `authority` has them.")


class ConsentSerializer(Strict):
    """What the adult said to being referred, and how it was explained."""

    agrees = Choice(
        choices=[AGREES, REFUSES, NOT_NOW],
        help_text="With “no” or “not_now” nothing leaves the organisation; a draft is kept.",
    )
    language = Language(required=False, help_text="In which it was explained; needed with “yes”.")
    with_interpreter = serializers.BooleanField(required=False, help_text="Needed with “yes”.")
    refusal_reason = Code(choices=choices.RefusalReason.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["agrees"] == AGREES:
            needed = [name for name in ("language", "with_interpreter") if name not in attrs]
            words = serializers.ErrorDetail(_("Say how it was explained."), "required")
            if needed:
                raise serializers.ValidationError({name: [words] for name in needed})
        return attrs


def _short(**more: Any) -> serializers.CharField:
    return serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, **more)


class IdentitySerializer(Strict):
    """Who the person is. Sealed when it arrives; the API never gives it back."""

    name = _short()
    other_names = _short()
    birth_date = _short(help_text="1998-03-27, 1998-03 or 1998.")
    document = _short(help_text="Never leaves the organisation.")
    contact = _short(help_text="Never leaves the organisation.")
    safe_contact = _short(help_text="Never leaves the organisation.")


class GivenSerializer(Strict):
    """A referral, or what is to change in one."""

    answers = AnswersSerializer(required=False)
    consent = ConsentSerializer(required=False)
    child_reasons = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NOTE,
        help_text="Why a person of unknown age is believed to be a child; empty takes it back.",
    )
    identity = IdentitySerializer(required=False)


class Struck(serializers.ListField):
    """Names of the fields that are left out of what the authority gets."""

    def __init__(self, **more: Any) -> None:
        fields = packets.strikable()
        child = Code(choices=fields)
        super().__init__(child=child, required=False, max_length=len(fields), **more)


CONFIRMED = "That the packet was gone through with the person; nothing is sent without."


class PostSerializer(GivenSerializer):
    """A new referral: a draft, or with `send` at once."""

    send = serializers.BooleanField(default=False, help_text="Send it; else it is kept as a draft.")
    struck = Struck(help_text="Fields left out of what is sent.")
    confirmed = serializers.BooleanField(default=False, help_text=CONFIRMED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["send"] and not attrs["confirmed"]:
            raise serializers.ValidationError({"confirmed": [not_confirmed()]})
        return attrs


class AmendSerializer(GivenSerializer):
    """What changes in a draft, or in a referral that was sent back."""

    version = serializers.IntegerField(min_value=1, help_text="The version you read.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(value or value == "" for name, value in attrs.items() if name != "version"):
            raise serializers.ValidationError(_("Say what is to change."), "required")
        return attrs


class ReceiptSerializer(Shape):
    """What became of it. Nothing about the person: it may be logged."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField(help_text="What people call it, on paper and telephone.")
    state = Code(choices=choices.STATUSES)
    version = serializers.IntegerField(help_text="Send it back with the next change.")
    url = serializers.URLField()


# --- acts -----------------------------------------------------------------------------------------


class ActSerializer(Strict):
    """An act that asks for nothing but the version."""

    version = serializers.IntegerField(min_value=1, help_text="The version you read.")


class SendSerializer(ActSerializer):
    """Sending a draft."""

    confirmed = serializers.BooleanField(help_text=CONFIRMED)
    struck = Struck(help_text="Fields left out of what is sent.")

    def validate_confirmed(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError(not_confirmed())
        return value


class AnswerSerializer(ActSerializer):
    """Answering the authority's questions."""

    answers = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_NOTE),
        allow_empty=False,
        help_text="The uuid of each open question with its answer.",
    )
    struck = Struck(help_text="Without it, what was left out stays left out.")


class WithdrawSerializer(ActSerializer):
    """The person withdraws."""

    note = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="For your own file."
    )


class OpinionSerializer(Strict):
    """The opinion of an organisation of civil society before the decision."""

    text = serializers.CharField(max_length=LONGEST_NOTE)


class NotifySerializer(ActSerializer):
    """Carrying out a duty to notify, without identity."""

    authority = AuthorityField(required=True, allow_null=False)


def not_confirmed() -> serializers.ErrorDetail:
    words = _("Go through the packet with the person first, then set this to true.")
    return serializers.ErrorDetail(words, "required")


#: What each act that a program may carry out takes, by its name.
ACTS: dict[str, type[Strict]] = {
    "send": SendSerializer,
    "answer": AnswerSerializer,
    "withdraw": WithdrawSerializer,
    "take_up": ActSerializer,
    "opinion": OpinionSerializer,
    "notify": NotifySerializer,
}


# --- what is shown --------------------------------------------------------------------------------


class OrganisationRefSerializer(Shape):
    """An organisation by its uuid in the registry and its name."""

    uuid = serializers.UUIDField()
    name = serializers.CharField(source="display_name")


class LineSerializer(Shape):
    """A referral in a list. What is not open is null."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    state = Code(choices=choices.STATUSES)
    created_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="Your own next deadline about it; null where there is none."
    )
    first_responder = OrganisationRefSerializer(allow_null=True)
    authority = OrganisationRefSerializer(allow_null=True)
    region = serializers.CharField(allow_null=True, help_text="Code of an area.")


class DeadlineSerializer(Shape):
    rule = serializers.CharField(help_text="Code of the country’s rule.")
    title = serializers.CharField()
    bound = Code(choices=[each.value for each in Bound], help_text="What the date means.")
    due_at = serializers.DateTimeField()
    is_paused = serializers.BooleanField()


class FileSerializer(Shape):
    """The working file, for whoever keeps it. Who the person is stays in the browser."""

    basis = code(choices.Basis, help_text="On what it is sent; empty while there is nothing.")
    answers = AnswersSerializer()
    has_identity = serializers.BooleanField()
    runs_out_at = serializers.DateTimeField(
        allow_null=True, help_text="When a draft is put away unless somebody works on it."
    )


class PacketContentSerializer(Shape):
    """The fields that were sent; one that was struck or not answered is not there."""

    reference = serializers.CharField(required=False)
    basis = code(choices.Basis)
    first_responder = serializers.CharField(required=False)
    responder_type = code(choices.ResponderType)
    region = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    other_names = serializers.CharField(required=False)
    birth_date = serializers.CharField(required=False)
    is_child_now = code(choices.YesNoUnknown)
    child_reasons = serializers.CharField(required=False)
    age_at_exploitation = code(choices.AgeGroup)
    gender = code(choices.Gender)
    nationalities = serializers.ListField(child=serializers.CharField(), required=False)
    language = serializers.CharField(required=False)
    exploitation = Codes(choices.Exploitation, required=False)
    means = Codes(choices.Means, required=False)
    indicators = Codes(choices.Indicator, required=False)
    place = code(choices.PlaceOfExploitation)
    narrative = serializers.CharField(required=False)
    refusal_reason = code(choices.RefusalReason)


class PacketSerializer(Shape):
    """What your organisation received, as it was frozen when it was sent."""

    version = serializers.IntegerField(allow_null=True, help_text="Null for a notice.")
    sent_at = serializers.DateTimeField(allow_null=True)
    content = PacketContentSerializer()


class SentSerializer(Shape):
    """A version of the packet that went out."""

    recipient = OrganisationRefSerializer()
    version = serializers.IntegerField()
    sent_at = serializers.DateTimeField()
    struck = serializers.ListField(child=serializers.CharField())


class QuestionSerializer(Shape):
    uuid = serializers.UUIDField()
    text = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answer = serializers.CharField(allow_null=True)


class DecisionSerializer(Shape):
    """A decision; its reasons where they are open."""

    stage = Code(choices=choices.StageCode.choices)
    outcome = Code(choices=choices.Outcome.choices)
    decided_on = serializers.DateField()
    reasons = serializers.CharField(required=False, allow_null=True)
    opinion_answer = serializers.CharField(required=False, allow_null=True)


class OpinionShownSerializer(Shape):
    organisation = OrganisationRefSerializer()
    stage = Code(choices=choices.StageCode.choices)
    given_at = serializers.DateTimeField()
    text = serializers.CharField()


class TrackSerializer(Shape):
    """One of the six tracks; they move apart from each other."""

    kind = Code(choices=choices.TrackKind.choices)
    status = serializers.CharField(help_text="A code of the list `track_status` or `state`.")
    since_at = serializers.DateTimeField()


class EventSerializer(Shape):
    """What happened. A comment is there where it is open."""

    kind = Code(choices=choices.EventKind.choices)
    at = serializers.DateTimeField()
    organisation = OrganisationRefSerializer(allow_null=True)
    new_state = serializers.CharField(allow_blank=True)
    comment = serializers.CharField(required=False)


class ActionSerializer(Shape):
    """An act: whether it is possible now, why not, and what it asks."""

    name = Code(choices=list(ACTS))
    title = serializers.CharField()
    possible = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it is not possible now.")
    asks = serializers.ListField(child=serializers.CharField(), help_text="Fields it needs.")
    may_ask = serializers.ListField(child=serializers.CharField(), help_text="Fields it takes too.")
    unless = serializers.CharField(
        allow_blank=True, help_text="When it is refused, as docs/workflows.md has it."
    )
    url = serializers.URLField()


class DetailSerializer(LineSerializer):
    """A referral as far as it is open: a part that is not open is not there."""

    version = serializers.IntegerField(help_text="Send it back with the next change.")
    sections = serializers.ListField(
        child=Code(choices=choices.Section.choices), help_text="The parts that are open."
    )
    deadlines = DeadlineSerializer(many=True, required=False)
    file = FileSerializer(required=False)
    packet = PacketSerializer(required=False)
    sent = SentSerializer(many=True, required=False)
    questions = QuestionSerializer(many=True, required=False)
    decisions = DecisionSerializer(many=True, required=False)
    opinions = OpinionShownSerializer(many=True, required=False)
    tracks = TrackSerializer(many=True, required=False)
    events = EventSerializer(many=True)
    actions = ActionSerializer(many=True)


class CodeSerializer(Shape):
    code = serializers.CharField()
    label = serializers.CharField(help_text="In the language of `Accept-Language`.")


class CodeListSerializer(Shape):
    """The codes of one field."""

    name = serializers.CharField(help_text="The field that takes them.")
    codes = CodeSerializer(many=True)


class StrictExtension(OpenApiSerializerExtension):
    """Says in the description of the API that a field it does not know is refused."""

    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        drawn = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**drawn, "additionalProperties": False}
