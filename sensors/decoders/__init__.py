"""Decoders: bytes of one feed become observations, or a sentence why not.

A decoder takes the payload and the station's code from the topic. It raises BadPayload, and nothing
else, where nothing of the message can be used.
"""

from sensors.decoders import observations
from sensors.decoders.decoded import Decoded, Decoder

DECODERS: dict[str, Decoder] = {"observations": observations.decode}

__all__ = ["DECODERS", "Decoded", "Decoder"]
