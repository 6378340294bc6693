"""The pages about money for civil society, under `/funding/`."""

from django.urls import URLPattern

app_name = "funding"
urlpatterns: list[URLPattern] = []
