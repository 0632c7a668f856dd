"""A device's status is one of two words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.decoders.status import decode
from sensors.reading import BadPayload


@pytest.mark.parametrize(
    ("payload", "online"), [(b"online", True), (b"offline", False), (b" Online\n", True)]
)
def test_the_two_words(payload, online):
    assert decode(payload) is online


@given(st.binary())
def test_anything_else_is_refused_with_a_short_sentence(payload):
    if payload.strip().lower() not in {b"online", b"offline"}:
        with pytest.raises(BadPayload) as caught:
            decode(payload)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 200


def test_a_long_one_is_cut():
    with pytest.raises(BadPayload) as caught:
        decode(b"x" * 1_000_000)
    assert len(str(caught.value)) < 200
