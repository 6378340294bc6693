"""Wiring only: settings, urls, api, celery, wsgi. Nothing imports from here."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
