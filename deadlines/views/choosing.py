"""What one wants mail about: the page for it, and the page behind the link in a mail."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.marks import Permission, needs
from deadlines import notices
from deadlines.forms import MailChoiceForm
from deadlines.services import choosing


@needs(Permission.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def mail_choices(request: HttpRequest) -> HttpResponse:
    """Once a day, once a week or never, for each topic that may wait."""
    user: User = request.user  # type: ignore[assignment]
    wishes = choosing.wishes_of([user.pk])[user.pk]
    free = [topic for topic in notices.topics() if not topic.is_statutory]
    chosen = {topic.code: wishes.rhythm(topic) for topic in free}
    form = MailChoiceForm(request.POST or None, topics=free, chosen=chosen)
    if request.method == "POST" and form.is_valid():
        choosing.choose(user=user, rhythms=form.rhythms, at=timezone.now())
        messages.success(request, _("Your choice has been saved."))
        return redirect("deadlines:mail_choices")
    context = {
        "form": form,
        "always": [topic.title for topic in notices.topics() if topic.is_statutory],
        "is_stopped": choosing.ALL in wishes.rhythms,
    }
    return render(request, "deadlines/mail_choices.html", context)


# A mail program presses the button without a page of ours (RFC 8058), so there is no CSRF token;
# the signed link is what shows that it may.
@needs(Permission.PUBLIC)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Stop what may be stopped, without a sign-in. Looking is not stopping: scanners look too."""
    user = choosing.user_of(token)
    if user is None:
        raise Http404
    if request.method == "POST":
        act = choosing.resume if request.POST.get("act") == "again" else choosing.stop
        act(user=user, at=timezone.now())
    context = {
        "is_stopped": choosing.is_stopped(user),
        "always": [topic.title for topic in notices.topics() if topic.is_statutory],
    }
    # Whoever opens it is not signed in: the page speaks the language their mails do.
    with translation.override(user.language or translation.get_language()):
        return render(request, "deadlines/mail_stop.html", context)
