"""The registry as the API shows it: literal fields, codes instead of words, dates in ISO 8601."""

from uuid import UUID

from rest_framework import serializers

from partners.choices import CsoClass, Level
from partners.models import Channel, Organisation, PointOfContact


class OrganisationSerializer(serializers.ModelSerializer):
    """A line of the list. `capacities` are those held now; `area` is the code of the area."""

    cso_class = serializers.ChoiceField(choices=CsoClass.choices, allow_blank=True, read_only=True)
    level = serializers.ChoiceField(choices=Level.choices, allow_blank=True, read_only=True)
    area = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)
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

    area = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)
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

    contacts = ContactSerializer(many=True, required=False, source="shown_contacts")

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
