"""Decoders: bytes of one feed become observations, or a sentence why not.

A decoder takes the payload and the station's code from the topic; that of a frame protocol takes
the payload and the directory, because its frames name their stations. It raises BadPayload, and
nothing else, where nothing of the message can be used. `foreign` reads by a mapping of config.yaml.
"""

from collections.abc import Callable

from sensors.decoders import hj212, sl651
from sensors.decoders.decoded import Decoded
from sensors.directory import Directory

FRAME_DECODERS: dict[str, Callable[[bytes, Directory], Decoded]] = {
    "hj212": hj212.decode,
    "sl651": sl651.decode,
}
