"""What a worker is asked to do. A task carries nothing: what is to be done stands in rows.

The clock enters here.
"""

from celery import shared_task
from django.utils import timezone

from common.rowlock import system_work
from common.wake import wake
from deadlines.models import Job
from deadlines.services import jobs, mail
from deadlines.services import sweep as sweeping


@shared_task(name="deadlines.sweep")
@system_work("the sweep")
def sweep() -> None:
    """Everything due or missed; beat asks for it once a minute."""
    sweeping.sweep(at=timezone.now(), clock=timezone.now)


@shared_task(name=mail.SEND_MAIL)
@system_work("the outbox")
def send_mail() -> None:
    """What waits in the outbox."""
    mail.send_due_mail(at=timezone.now(), worker=sweeping.worker_name())


@shared_task(name=jobs.RUN_JOB)
@system_work("a job")
def run_job() -> None:
    """The oldest job that waits: one, so that each has the whole of the task's time limit."""
    ran = jobs.run_next_job(clock=timezone.now, worker=sweeping.worker_name())
    if ran and Job.objects.free(timezone.now()).exists():
        wake(jobs.RUN_JOB)
