"""The registry's pages."""

from django.urls import path

from partners.views import application, contacts, people, registry, resets, reviews, tokens

app_name = "partners"
urlpatterns = [
    path("registry/", registry.registry, name="registry"),
    path("registry/<uuid:uuid>/", registry.organisation, name="organisation"),
    path("act-for/", registry.act_for, name="act-for"),
    path("application/", application.task_list, name="application"),
    path("application/check/", application.check, name="application-check"),
    path("application/act/<slug:name>/", application.act, name="application-act"),
    path("application/<slug:page>/", application.page, name="application-page"),
    path("reviews/", reviews.queue, name="reviews"),
    path("reviews/<uuid:uuid>/", reviews.review, name="review"),
    path("reviews/<uuid:uuid>/<slug:name>/", reviews.act, name="review-act"),
    path("invitations/", reviews.invitations, name="invitations"),
    path("invitations/<uuid:uuid>/revoke/", reviews.revoke_invitation, name="invitation-revoke"),
    path("people/", people.people, name="people"),
    path("people/invitations/<uuid:uuid>/revoke/", people.revoke, name="people-revoke"),
    path("people/<uuid:uuid>/end/", people.end, name="people-end"),
    path("people/<uuid:uuid>/reset/", resets.ask, name="people-reset"),
    path("resets/", resets.open_resets, name="resets"),
    path("resets/ask/", resets.ask_for_somebody, name="reset-ask"),
    path("resets/<uuid:uuid>/agree/", resets.agree, name="reset-agree"),
    path("resets/<uuid:uuid>/stop/", resets.stop, name="reset-stop"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/new/", contacts.new, name="contact-new"),
    path("contacts/<uuid:uuid>/", contacts.contact, name="contact"),
    path("contacts/<uuid:uuid>/deputy/", contacts.new_deputy, name="contact-deputy"),
    path("contacts/<uuid:uuid>/edit/", contacts.edit, name="contact-edit"),
    path("contacts/<uuid:uuid>/act/<slug:name>/", contacts.act, name="contact-act"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:uuid>/revoke/", tokens.revoke, name="token-revoke"),
]
