"""The calendar feed: the page on which its address is made and ended, and the feed itself."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.marks import Actor, Permission, needs
from deadlines.models import CalendarFeed
from deadlines.services import feeds


@needs(Permission.SIGNED_IN, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """Whether there is an address, since when; a POST makes a new one and shows it once."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    address = ""
    if request.method == "POST":
        _made, secret = feeds.make_feed(user=request.user, by=actor, at=timezone.now())  # type: ignore[arg-type]
        path = reverse("deadlines:feed_file", args=[secret])
        address = settings.SITE_URL.rstrip("/") + path
    found = CalendarFeed.objects.live().filter(user=request.user).first()  # type: ignore[misc]
    return render(request, "deadlines/feed.html", {"feed": found, "address": address})


@needs(Permission.SIGNED_IN)
@require_POST
def end_feed(request: HttpRequest) -> HttpResponse:
    """The address answers no more. Ending needs no fresh proof: it only takes away."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if feeds.end_feed(user=request.user, by=actor, at=timezone.now()):  # type: ignore[arg-type]
        messages.success(request, _("The address no longer works."))
    return redirect("deadlines:calendar")


@needs(Permission.PUBLIC)
@require_safe
def feed_file(request: HttpRequest, secret: str) -> HttpResponse:
    """What a calendar program fetches. The secret in the address is the proof."""
    at = timezone.now()
    found = feeds.find_feed(secret)
    if found is None:
        raise Http404
    answer = HttpResponse(feeds.write_feed(found, at), content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return answer
