"""Addresses of the account pages. allauth's are mounted in config/urls.py."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.me, name="me"),
    path("keepalive/", views.keepalive, name="keepalive"),
    path("kept/", views.keep, name="keep"),
    path("second-factor/stop-reset/", views.stop_reset, name="stop_reset"),
    path("locked/", views.locked, name="locked"),
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<str:token>/", views.accept, name="accept"),
]
