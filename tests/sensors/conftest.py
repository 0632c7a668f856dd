"""Shared machines are slow at odd moments: properties fail by their answer, never by their time."""

from hypothesis import settings

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
