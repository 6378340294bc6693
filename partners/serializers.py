"""The registry as the API shows it: literal fields, codes instead of words, dates in ISO 8601."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from partners.models import Channel, Organisation, PointOfContact


class OrganisationSerializer(serializers.ModelSerializer):
    """A line of the list. `capacities` are those held now; `area` is the code of the area."""

    area = serializers.SlugRelatedField(slug_field="code", read_only=True)
    languages = serializers.ListField(child=serializers.CharField(), read_only=True)
    capacities = serializers.ListField(
        source="held_capacities", child=serializers.CharField(), read_only=True
    )

    class Meta:
        model = Organisation
        fields = (
            "uuid",
            "name",
            "short_name",
            "kind",
            "cso_class",
            "level",
            "area",
            "languages",
            "capacities",
            "state",
        )
        read_only_fields = fields


class ChannelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Channel
        fields = ("kind", "value", "rank")
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer):
    """One person, the post's holder or a deputy, with channels in the order in which to try."""

    area = serializers.SlugRelatedField(slug_field="code", read_only=True)
    languages = serializers.ListField(child=serializers.CharField(), read_only=True)
    channels = ChannelSerializer(many=True, read_only=True)

    class Meta:
        model = PointOfContact
        fields = (
            "uuid",
            "person_name",
            "post",
            "area",
            "languages",
            "hours",
            "status",
            "verified_on",
            "channels",
        )
        read_only_fields = fields


class ContactSerializer(PersonSerializer):
    """A post with its deputies; `answering` is the uuid of whoever is to be called now, or null."""

    answering = serializers.SerializerMethodField()
    deputies = PersonSerializer(many=True, read_only=True)

    class Meta:
        model = PointOfContact
        fields = (
            "uuid",
            "person_name",
            "post",
            "area",
            "languages",
            "hours",
            "status",
            "verified_on",
            "channels",
            "answering",
            "deputies",
        )
        read_only_fields = fields

    def get_answering(self, contact: PointOfContact) -> UUID | None:
        answering = contact.answering(self.context["at"])
        return None if answering is None else answering.uuid


class OrganisationDetailSerializer(OrganisationSerializer):
    """The whole entry. Without the scope CONTACT_SEE there is no key `contacts`."""

    contacts = serializers.SerializerMethodField()

    class Meta:
        model = Organisation
        fields = (
            "uuid",
            "name",
            "short_name",
            "kind",
            "cso_class",
            "level",
            "area",
            "languages",
            "capacities",
            "state",
            "is_informal",
            "description",
            "website",
            "email",
            "phone",
            "postal_address",
            "contacts",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        if self.context.get("contacts") is None and "at" in self.context:
            del fields["contacts"]
        return fields

    @extend_schema_field(ContactSerializer(many=True))
    def get_contacts(self, _organisation: Organisation) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = ContactSerializer(
            self.context["contacts"], many=True, context=self.context
        ).data
        return shown
