"""Quiet by design: the score of a shift, floods, chatter, what is stale, groups by place and cause.

docs/quiet.md says where each figure comes from.
"""
