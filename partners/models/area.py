"""The country's areas as a tree. Who works where is told by the models that point here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.choices import AreaLevel


class AreaQuerySet(models.QuerySet["Area"]):
    def within(self, area: "Area") -> "AreaQuerySet":
        """The area itself and everything below it."""
        return self.filter(path__startswith=area.path)


class Area(models.Model):
    """A part of the country, such as a region or a municipality, that help is organised by."""

    code = models.CharField(
        _("code"), max_length=16, unique=True, help_text=_("ISO 3166-2 where there is one.")
    )
    name = models.CharField(_("name"), max_length=120)
    level = models.CharField(_("level"), max_length=16, choices=AreaLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = models.CharField(
        max_length=200,
        unique=True,
        editable=False,
        help_text=_("Codes from the country down, each closed by a slash."),
    )

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.path = f"{self.parent.path if self.parent else ''}{self.code}/"
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def region(self) -> "Area":
        """The region it lies in; itself where it is one, or where none is above it."""
        found: Area = self
        while found.level not in (AreaLevel.REGION, AreaLevel.COUNTRY) and found.parent is not None:
            found = found.parent
        return found
