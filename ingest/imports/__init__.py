"""Histories out of files: mapped, vetted, resumable; they page nobody."""
