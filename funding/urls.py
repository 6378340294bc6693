"""The pages about money for civil society, under `/funding/`."""

from django.urls import URLPattern

from funding import survival_urls

app_name = "funding"
urlpatterns: list[URLPattern] = [*survival_urls.patterns]
