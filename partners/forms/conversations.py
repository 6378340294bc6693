"""What the pages of conversations and of the reach-out log ask."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.forms import DateInputs
from common.uploads import LARGEST, Upload, checked
from common.workdays import start_of_day
from partners.audiences import Part
from partners.choices import ChannelKind, Role
from partners.conversation_choices import LOGGED_OUTCOMES, AttemptPurpose, Topic
from partners.models import Organisation
from partners.services.conversations import LONGEST, MOST_FILES, Asking, Words

NOT_IN_IT = "-"
EVERYBODY = "all"


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Up to three files, each looked at; a list of `common.uploads.Upload`."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:  # type: ignore[override]
        given = [each for each in (data or []) if each]
        if len(given) > MOST_FILES:
            raise forms.ValidationError(_("Attach at most %(n)d files."), params={"n": MOST_FILES})
        return [_looked_at(super(FilesField, self).clean(each, initial)) for each in given]


def _looked_at(file: UploadedFile) -> Upload:
    if (file.size or 0) > LARGEST:
        raise forms.ValidationError(_("The file is larger than 5 MB."))
    return checked(name=file.name or "", content=file.read())


class Reply(forms.Form):
    """A message, with files and a question to some of the others."""

    text = forms.CharField(
        label=_("Message"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write the message.")},
    )
    files = FilesField(
        label=_("Files"),
        help_text=_(
            "Up to three: PDF, JPEG, PNG or plain text, 5 MB each. Where and by whom a picture was "
            "taken is cut out; a PDF keeps what its properties say."
        ),
        required=False,
        widget=FilesInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.txt"}),
    )
    ask = forms.MultipleChoiceField(
        label=_("Who is asked for an answer"),
        help_text=_("Nobody, if you only tell them something."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    answer_by = forms.DateField(
        label=_("An answer is needed by"),
        help_text=_("They are reminded before this day, and those who answer for them after it."),
        widget=DateInputs,
        required=False,
    )
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(
        self,
        others: Sequence[Organisation],
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        *,
        at: datetime,
    ) -> None:
        super().__init__(data, files, initial={"client_key": str(uuid4())})
        self.at, self.others = at, {str(each.uuid): each for each in others}
        self.fields["ask"].choices = [  # type: ignore[attr-defined]
            (uuid, each.display_name) for uuid, each in self.others.items()
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        day = given.get("answer_by")
        if day is not None and not given.get("ask"):
            self.add_error("ask", _("Choose who is asked, or leave the day out."))
        if day is not None and self._end_of(day) <= self.at:
            self.add_error("answer_by", _("Choose a day that has not passed."))
        return given

    @staticmethod
    def _end_of(day: Any) -> datetime:
        return start_of_day(day + timedelta(days=1), current().time_zone)

    def words(self) -> Words:
        given = self.cleaned_data
        return Words(given["text"], given["client_key"], given["files"])

    def asking(self) -> Asking:
        given = self.cleaned_data
        day = given["answer_by"]
        asked = tuple(self.others[uuid].pk for uuid in given["ask"])
        return Asking(asked, self._end_of(day) if day else None)


class Begin(Reply):
    """The topic, who reads it in each organisation, and the first message."""

    topic = forms.ChoiceField(
        label=_("What it is about"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about.")},
    )
    field_order = ("topic",)

    def __init__(
        self,
        others: Sequence[Organisation],
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        *,
        at: datetime,
        topics: Sequence[Topic],
        roles: Mapping[int, Sequence[Role]],
        own: Organisation,
        may_leave_out: bool,
    ) -> None:
        super().__init__(others, data, files, at=at)
        self.own = own
        self.fields["topic"].choices = [(each.value, each.label) for each in topics]  # type: ignore[attr-defined]
        for each in others:
            self.fields[self._name(each)] = self._who(
                each, roles.get(each.pk, ()), may_leave_out=may_leave_out
            )
        self.fields[self._name(own)] = self._who(own, roles.get(own.pk, ()), may_leave_out=False)
        first = ["topic", *(self._name(each) for each in others), self._name(own)]
        self.order_fields(first)

    @staticmethod
    def _name(organisation: Organisation) -> str:
        return f"with_{organisation.uuid.hex}"

    @staticmethod
    def _who(
        organisation: Organisation, roles: Sequence[Role], *, may_leave_out: bool
    ) -> forms.ChoiceField:
        left_out = [(NOT_IN_IT, _("Nobody: not in this conversation"))] if may_leave_out else []
        everybody = [(EVERYBODY, _("Everybody there to whom it is open"))]
        narrowed = [(role.value, role.label) for role in roles]
        return forms.ChoiceField(
            label=_("Who reads it at %(name)s") % {"name": organisation.display_name},
            choices=[*left_out, *everybody, *narrowed],
            initial=EVERYBODY,
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        chosen = [each for each in self.others.values() if self._is_in(given, each)]
        if not chosen and self.others:
            first = next(iter(self.others.values()))
            self.add_error(self._name(first), _("Choose at least one other organisation."))
        asked = {self.others[uuid].pk for uuid in given.get("ask", ())}
        if asked - {each.pk for each in chosen}:
            self.add_error("ask", _("Ask only organisations that take part."))
        return given

    def _is_in(self, given: Mapping[str, Any], organisation: Organisation) -> bool:
        return given.get(self._name(organisation), NOT_IN_IT) != NOT_IN_IT

    def parts(self) -> list[Part]:
        given = self.cleaned_data
        rows = [*self.others.values(), self.own]
        return [
            Part(each, "" if (who := given[self._name(each)]) == EVERYBODY else who)
            for each in rows
            if self._is_in(given, each)
        ]


class Correct(forms.Form):
    """Other words in the place of one's own."""

    text = forms.CharField(
        label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6})
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class FindOrganisation(forms.Form):
    """Whom to write to, by a part of the name."""

    name = forms.CharField(label=_("Name of the organisation contains"), max_length=200)


class LogAttempt(forms.Form):
    """An attempt by telephone, mail or in person: three answers."""

    channel = forms.ChoiceField(
        label=_("How you tried"), choices=ChannelKind.choices, initial=ChannelKind.PHONE
    )
    purpose = forms.ChoiceField(label=_("What for"), choices=AttemptPurpose.choices)
    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=[(each.value, each.label) for each in LOGGED_OUTCOMES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it.")},
    )
    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"client_key": str(uuid4())})
