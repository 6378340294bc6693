"""From an uploaded table to organisations: checking and keeping it, the job, forgetting it.

What a row may say is `partners/registry_table.py`, what writing it means `registry_imports.py`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.choices import LogAction
from common.marks import Permission, Subject
from deadlines import jobs
from deadlines.files import clear_orphans
from deadlines.jobs import JobFailed, JobFile, JobStopped, Progress
from deadlines.models import Job
from deadlines.services.jobs import cancel_job, start_job
from partners.access import Actor, actor_for
from partners.models import RegistryTable
from partners.registry_table import Reading, rejects_file
from partners.services.registry_imports import (
    Difference,
    HasFaults,
    bring_in,
    plan,
    read,
)
from partners.tables import table_storage

BRING_IN = "import_registry"
KEPT = timedelta(hours=24)
#: Longer than any import; while all rows are written in one transaction the job cannot say so.
LEASE = timedelta(minutes=20)
LARGEST = 20 * 1024 * 1024
SHOWN = 100
REJECTS = "organisations-left-out.csv"


def keep_table(*, content: bytes, by: Actor, at: datetime) -> RegistryTable:
    """Check a table and keep it for a day, so that its owner can look and then bring it in.

    Enters no organisation. Raises NotATable, and PermissionDenied where nobody uploads.
    """
    if by.user is None:
        raise PermissionDenied
    found = findings(read(content))
    with transaction.atomic():
        table = RegistryTable(
            found=found,
            uploaded_by=by.user,
            organisation_uuid=by.organisation_uuid,
            uploaded_at=at,
        )
        audit.record(
            action=LogAction.IMPORT,
            by=by,
            at=at,
            subject=Subject("registry_table", table.uuid),
            field_group="uploaded",
        )
        table.content.save("", ContentFile(content), save=False)
        table.save()
    return table


def findings(reading: Reading) -> dict[str, Any]:
    """What a page shows of a checked table: counts, the first faults, the first differences."""
    would = plan(reading)
    return {
        "rows": reading.rows,
        "bad": len(reading.rejected),
        "fresh": len(would.fresh),
        "same": would.same,
        "differing": len(would.differing),
        "not_taken": reading.unknown[:SHOWN],
        "faults": [[f.row, f.column, f.value, f.reason] for f in reading.faults[:SHOWN]],
        "faults_in_all": len(reading.faults),
        "differences": [_difference(each) for each in would.differences[:SHOWN]],
        "differences_in_all": len(would.differences),
    }


def _difference(each: Difference) -> list[Any]:
    return [each.row, str(each.organisation.uuid), each.part, each.here, each.there]


def read_again(table: RegistryTable) -> Reading:
    """The kept table, read once more. Raises FileNotFoundError once it was swept."""
    with table.content.open("rb") as content:
        kept: bytes = content.read()
    return read(kept)


def rows_written(job: Job) -> int:
    """How many rows an import has gone through, about: the cache tells it, and may forget."""
    return int(cache.get(_in_cache(job), 0))


def _in_cache(job: Job) -> str:
    return f"registry-rows:{job.uuid}"


def start(
    *, table: RegistryTable, skip_bad: bool, ask_changes: bool, by: Actor, at: datetime
) -> Job:
    """Begin bringing a kept table in, in the background; asked for again it is the same job.

    Raises HasFaults when there are bad rows and nobody said to leave them out.
    """
    if table.found["bad"] and not skip_bad:
        raise HasFaults
    with transaction.atomic():
        locked = RegistryTable.objects.select_for_update(of=("self",)).get(pk=table.pk)
        if locked.job is not None and (locked.job.is_open or locked.outcome_id is not None):
            return locked.job
        params = {"table": str(locked.uuid), "skip_bad": skip_bad, "ask_changes": ask_changes}
        locked.job = start_job(kind=BRING_IN, params=params, by=by, at=at)
        locked.save(update_fields=["job"])
    return locked.job


def stop(*, table: RegistryTable, by: Actor, at: datetime) -> bool:
    """Stop it, unless all rows are written already. False when there was nothing to stop."""
    return table.job is not None and cancel_job(job=table.job, by=by, at=at)


def discard(*, table: RegistryTable) -> bool:
    """Forget a table that is not wanted after all. False while it is brought in, or after."""
    with transaction.atomic():
        locked = RegistryTable.objects.select_for_update(of=("self",)).filter(pk=table.pk).first()
        if locked is None or locked.outcome_id is not None:
            return False
        if locked.job is not None and locked.job.is_open:
            return False
        _forget(locked)
    return True


def forget_tables(at: datetime) -> int:
    """Delete what was uploaded more than a day ago, and contents no row knows. How many."""
    past = RegistryTable.objects.filter(uploaded_at__lt=at - KEPT)
    past = past.exclude(job__in=Job.objects.open())
    number = 0
    for pk in list(past.values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked and asked again: an import may have begun a moment ago.
            table = past.select_for_update(of=("self",)).filter(pk=pk).first()
            if table is not None:
                _forget(table)
                number += 1
    return number + clear_orphans(table_storage(), RegistryTable, "content", before=at - KEPT)


def _forget(table: RegistryTable) -> None:
    # The row first: a crash between the two leaves a content that no row knows, cleared later.
    name = str(table.content.name)
    table.delete()
    transaction.on_commit(lambda: table_storage().delete(name))


def run(job: Job, progress: Progress) -> JobFile | None:
    """The job: read the table again, enter all of it or nothing, give back what was left out."""
    at = job.started_at or job.created_at
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    if Permission.REGISTRY_IMPORT not in actor.permissions:
        raise JobFailed("not_allowed")
    table = RegistryTable.objects.filter(uuid=job.params["table"]).first()
    if table is None:
        raise JobFailed("file_gone")
    progress(0, int(table.found["rows"]), "writing")
    try:
        reading = read_again(table)
    except FileNotFoundError:
        raise JobFailed("file_gone") from None
    if table.outcome_id is None:  # else an earlier try wrote it and died before it could say so
        _write(table, reading, job, progress)
    if not reading.rejected:
        return None
    return JobFile(REJECTS, ContentFile(rejects_file(reading)))


def _write(table: RegistryTable, reading: Reading, job: Job, progress: Progress) -> None:
    def look(done: int, total: int) -> None:
        # The job's row is read and not written: see `referrals.services.import_files`.
        cache.set(_in_cache(job), reading.rows - total + done, timeout=LEASE.seconds)
        if not Job.objects.open().filter(pk=job.pk, claim_token=job.claim_token).exists():
            raise JobStopped

    with transaction.atomic():
        try:
            table.outcome = bring_in(
                reading=reading,
                by=job.owner,
                at=job.started_at or job.created_at,
                organisation_uuid=job.organisation_uuid,
                skip_bad=bool(job.params["skip_bad"]),
                ask_changes=bool(job.params["ask_changes"]),
                progress=look,
            )
        except HasFaults:  # an area or an organisation went since the table was checked
            raise JobFailed("has_faults") from None
        table.save(update_fields=["outcome"])
        # Raises JobStopped, and takes everything back, where the job was stopped until now.
        progress(reading.rows, reading.rows, "writing")


def register_job() -> None:
    """Called once when the app is ready."""
    jobs.register(
        BRING_IN,
        run=run,
        label=_("Bringing organisations in"),
        permission=Permission.REGISTRY_IMPORT,
        lease=LEASE,
        keep=KEPT,
        words={
            "writing": _("Writing the rows. Nothing is kept until all of them are written."),
            "not_allowed": _("Your role no longer includes importing."),
            "has_faults": _("Rows that were good are bad now. Upload the file again to see them."),
            "file_gone": _("The file is no longer kept. Upload it again."),
        },
    )
