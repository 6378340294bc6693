"""The pages about money for civil society, under `/funding/`."""

from django.urls import URLPattern

from funding import call_urls, money_urls, survival_urls, terms_urls

app_name = "funding"
urlpatterns: list[URLPattern] = [
    *call_urls.patterns,
    *money_urls.patterns,
    *survival_urls.patterns,
    *terms_urls.patterns,
]
