"""Wallboards: their keys, their page, what they may see."""
