"""From an uploaded file to history: checking and keeping it, importing it in a job, forgetting it.

What a row may say is `referrals/imports.py`, what writing it means `referrals/services/imports.py`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction

from accounts import audit
from accounts.choices import LogAction
from common.country import local_day
from common.marks import Permission, Subject
from deadlines import jobs
from deadlines.files import clear_orphans
from deadlines.jobs import JobFailed, JobFile, JobStopped, Progress
from deadlines.models import Job
from deadlines.services.jobs import cancel_job, start_job
from partners.access import Actor, actor_for
from referrals.files import import_storage
from referrals.import_profile import load_profile
from referrals.imports import Reading, read_file, rejects_file
from referrals.models import ImportBatch, ImportFile
from referrals.services.imports import HasFaults, import_history, not_yet_imported

IMPORT = "import_referrals"
KEPT = timedelta(hours=24)
#: Longer than any import; while all rows are written in one transaction the job cannot say so.
LEASE = timedelta(minutes=20)
LARGEST = 20 * 1024 * 1024
MOST_ROWS = 100_000
SHOWN = 100
REJECTS = "rows-left-out.csv"


def keep_file(*, content: bytes, profile: str, by: Actor, at: datetime) -> ImportFile:
    """Check a file and keep it for a day, so that its owner can look and then import it.

    Writes no referral. Raises ProfileError, NotATable, and PermissionDenied where nobody uploads.
    """
    if by.user is None:
        raise PermissionDenied
    reading = read_file(content, load_profile(profile), today=local_day(at), most_rows=MOST_ROWS)
    found = findings(reading, profile)
    with transaction.atomic():
        file = ImportFile(
            profile=profile,
            found=found,
            uploaded_by=by.user,
            organisation_uuid=by.organisation_uuid,
            uploaded_at=at,
        )
        audit.record(
            action=LogAction.IMPORT,
            by=by,
            at=at,
            subject=Subject("import_file", file.uuid),
            field_group="uploaded",
        )
        file.content.save("", ContentFile(content), save=False)
        file.save()
    return file


def findings(reading: Reading, profile: str) -> dict[str, Any]:
    """What a page shows of a checked file: counts, the first faults, the unknown labels."""
    unknown = sorted(reading.unknown.items(), key=lambda item: (-item[1], item[0]))
    return {
        "rows": reading.rows,
        "good": len(reading.entries),
        "bad": reading.bad_rows,
        "fresh": len(not_yet_imported(reading, profile)),
        "faults": [
            [fault.row, fault.column, fault.value, fault.reason] for fault in reading.faults[:SHOWN]
        ],
        "faults_in_all": len(reading.faults),
        "unknown": [[column, label, times] for (column, label), times in unknown[:SHOWN]],
        "unknown_in_all": len(unknown),
    }


def read_again(file: ImportFile, *, at: datetime) -> Reading:
    """The kept file, read once more. Raises FileNotFoundError once it was swept."""
    with file.content.open("rb") as content:
        read = content.read()
    profile = load_profile(file.profile)
    return read_file(read, profile, today=local_day(at))


def rows_written(job: Job) -> int:
    """How many rows an import has gone through, about: the cache tells it, and may forget."""
    return int(cache.get(_in_cache(job), 0))


def _in_cache(job: Job) -> str:
    return f"import-rows:{job.uuid}"


def start_import(*, file: ImportFile, skip_bad: bool, by: Actor, at: datetime) -> Job:
    """Begin importing a kept file in the background; asked for again it is the same job.

    Raises HasFaults when there are bad rows and nobody said to leave them out.
    """
    if file.found["bad"] and not skip_bad:
        raise HasFaults
    with transaction.atomic():
        locked = ImportFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if locked.job is not None and (locked.job.is_open or locked.batch_id is not None):
            return locked.job
        params = {"file": str(locked.uuid), "skip_bad": skip_bad}
        locked.job = start_job(kind=IMPORT, params=params, by=by, at=at)
        locked.save(update_fields=["job"])
    return locked.job


def stop_import(*, file: ImportFile, by: Actor, at: datetime) -> bool:
    """Stop it, unless all rows are written already. False when there was nothing to stop."""
    return file.job is not None and cancel_job(job=file.job, by=by, at=at)


def discard_file(*, file: ImportFile) -> bool:
    """Forget a file that is not wanted after all. False while it is being imported, or after."""
    with transaction.atomic():
        locked = ImportFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).first()
        if locked is None or locked.batch_id is not None:
            return False
        if locked.job is not None and locked.job.is_open:
            return False
        _forget(locked)
    return True


def forget_files(at: datetime) -> int:
    """Delete what was uploaded more than a day ago, and contents no row knows. How many."""
    past = ImportFile.objects.uploaded_before(at - KEPT).exclude(job__in=Job.objects.open())
    number = 0
    for pk in list(past.values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked and asked again: an import may have begun a moment ago.
            file = past.select_for_update(of=("self",)).filter(pk=pk).first()
            if file is not None:
                _forget(file)
                number += 1
    return number + clear_orphans(import_storage(), ImportFile, "content", before=at - KEPT)


def _forget(file: ImportFile) -> None:
    # The row first: a crash between the two leaves a content that no row knows, cleared later.
    name = str(file.content.name)
    file.delete()
    transaction.on_commit(lambda: import_storage().delete(name))


def run_import(job: Job, progress: Progress) -> JobFile | None:
    """The job: read the file again, write all of it or nothing, give back what was left out."""
    at = job.started_at or job.created_at
    actor = actor_for(job.owner, at=at, organisation_uuid=job.organisation_uuid)
    if Permission.REFERRAL_IMPORT not in actor.permissions:
        raise JobFailed("not_allowed")
    file = ImportFile.objects.filter(uuid=job.params["file"]).first()
    if file is None:
        raise JobFailed("file_gone")
    progress(0, int(file.found["rows"]), "writing")
    try:
        reading = read_again(file, at=at)
    except FileNotFoundError:
        raise JobFailed("file_gone") from None
    if file.batch_id is None:  # else an earlier try wrote it and died before it could say so
        _write(file, reading, job, progress)
    if not reading.rejected:
        return None
    return JobFile(REJECTS, ContentFile(rejects_file(reading)))


def _write(file: ImportFile, reading: Reading, job: Job, progress: Progress) -> ImportBatch:
    def look(done: int, total: int) -> None:
        # The job's row is read and not written: its progress would be seen by nobody before the
        # commit, and its lock would make whoever stops the job wait until it is too late.
        cache.set(_in_cache(job), reading.rows - total + done, timeout=LEASE.seconds)
        if not Job.objects.open().filter(pk=job.pk, claim_token=job.claim_token).exists():
            raise JobStopped

    with transaction.atomic():
        try:
            batch = import_history(
                reading=reading,
                profile=file.profile,
                by=job.owner,
                at=job.started_at or job.created_at,
                organisation_uuid=job.organisation_uuid,
                skip_bad=bool(job.params["skip_bad"]),
                progress=look,
            )
        except HasFaults:  # the profile was changed after the file was checked
            raise JobFailed("has_faults") from None
        file.batch = batch
        file.save(update_fields=["batch"])
        # Raises JobStopped, and takes everything back, where the job was stopped until now.
        progress(reading.rows, reading.rows, "writing")
    return batch


def register_job() -> None:
    """Called once when the app is ready."""
    from django.utils.translation import gettext_lazy as _

    jobs.register(
        IMPORT,
        run=run_import,
        label=_("Import of history"),
        permission=Permission.REFERRAL_IMPORT,
        lease=LEASE,
        keep=KEPT,
        words={
            "writing": _("Writing the rows. Nothing is kept until all of them are written."),
            "not_allowed": _("Your role no longer includes importing."),
            "has_faults": _("Rows that were good are bad now. Upload the file again to see them."),
            "file_gone": _("The file is no longer kept. Upload it again."),
        },
    )
