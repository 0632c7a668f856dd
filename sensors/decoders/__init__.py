"""Decoders: bytes of one feed become observations, or a sentence why not.

A decoder takes the payload and the station's code from the topic; that of a frame protocol takes
the payload and the directory, because its frames name their stations. It raises BadPayload, and
nothing else, where nothing of the message can be used.
"""

from sensors.decoders import hj212, observations, sl651
from sensors.decoders.decoded import Decoded, Decoder, FrameDecoder

DECODERS: dict[str, Decoder] = {"observations": observations.decode}
FRAME_DECODERS: dict[str, FrameDecoder] = {"hj212": hj212.decode, "sl651": sl651.decode}

__all__ = ["DECODERS", "FRAME_DECODERS", "Decoded", "Decoder", "FrameDecoder"]
