"""The kinds of service and the standards a new installation begins with; the country edits them.

Rows that are there are left as they are. Sources: the catalogue of services in recommendation 1 of
the Alliance statement of 2020, and the assistance listed in articles 12, 15 and 16 of CETS 197.
"""

from typing import Any

from django.db import connection

from partners.choices_places import ServiceRole
from partners.models import ServiceStandard, ServiceType

R = ServiceRole
#: code, standard code, role, names
KINDS: tuple[tuple[str, str, ServiceRole, dict[str, str]], ...] = (
    ("shelter", "CETS 197 12.1.a", R.PLACES,
     {"en": "Shelter", "fr": "Hébergement", "uk": "Притулок", "ar": "مأوى"}),
    ("medical", "CETS 197 12.1.b", R.OTHER,
     {"en": "Medical help", "fr": "Soins médicaux", "uk": "Медична допомога", "ar": "رعاية طبية"}),
    ("psychological", "CETS 197 12.1.a", R.OTHER,
     {"en": "Psychological help", "fr": "Aide psychologique", "uk": "Психологічна допомога",
      "ar": "دعم نفسي"}),
    ("interpreting", "CETS 197 12.1.c", R.INTERPRETERS,
     {"en": "Interpreting", "fr": "Interprétariat", "uk": "Усний переклад", "ar": "ترجمة شفوية"}),
    ("counselling", "CETS 197 12.1.d", R.OTHER,
     {"en": "Counselling and information on rights", "fr": "Conseil et information sur les droits",
      "uk": "Консультації та інформація про права", "ar": "مشورة ومعلومات عن الحقوق"}),
    ("legal", "CETS 197 15.2", R.LAWYERS,
     {"en": "Lawyers, pro bono", "fr": "Avocats, à titre gracieux", "uk": "Адвокати безоплатно",
      "ar": "محامون متطوعون"}),
    ("material", "CETS 197 12.1.a", R.OTHER,
     {"en": "Food, clothing, money", "fr": "Aide matérielle", "uk": "Матеріальна допомога",
      "ar": "مساعدة مادية"}),
    ("children", "CETS 197 12.1.f", R.OTHER,
     {"en": "School and care for children", "fr": "École et aide aux enfants",
      "uk": "Освіта і догляд для дітей", "ar": "تعليم الأطفال ورعايتهم"}),
    ("work", "CETS 197 12.4", R.OTHER,
     {"en": "Training and finding work", "fr": "Formation et emploi",
      "uk": "Навчання і працевлаштування", "ar": "تدريب وعمل"}),
    ("return", "CETS 197 16", R.OTHER,
     {"en": "Return and reintegration", "fr": "Retour et réinsertion",
      "uk": "Повернення і реінтеграція", "ar": "العودة وإعادة الاندماج"}),
    ("outreach", "AECT 2020 5", R.OTHER,
     {"en": "Outreach", "fr": "Travail de rue", "uk": "Робота на місцях", "ar": "عمل ميداني"}),
    ("helpline", "AECT 2020 1", R.OTHER,
     {"en": "Helpline", "fr": "Ligne d’écoute", "uk": "Гаряча лінія", "ar": "خط مساعدة"}),
)  # fmt: skip


def ensure_rows(**_signal: Any) -> None:
    """Enter what is missing. Called after every migration; a row that stands is not touched."""
    if ServiceStandard._meta.db_table not in connection.introspection.table_names():
        return  # migrated to a state in which there are no services yet
    known = set(ServiceType.objects.values_list("code", flat=True))
    ServiceType.objects.bulk_create(
        ServiceType(code=code, standard_code=standard, role=role, names=names, rank=rank)
        for rank, (code, standard, role, names) in enumerate(KINDS, start=1)
        if code not in known
    )
    if not ServiceStandard.objects.exists():
        own = ServiceStandard.objects.create(
            code="shelter-basics",
            name="Basic questions about a shelter",
            issued_by="This platform’s proposal; it claims no law",
        )
        own.kinds.add(ServiceType.objects.get(code="shelter"))
