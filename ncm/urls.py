"""The front door, the home page, and pages that belong to no other package."""

from django.urls import path

from ncm.views import components, home

app_name = "ncm"
urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.help_page, name="help"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("livez", home.livez, name="livez"),
    path("components/", components.components, name="components"),
]
