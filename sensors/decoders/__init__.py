"""Decoders: bytes of one feed become observations, or a sentence why not.

A decoder takes the payload and the station's code from the topic. It raises BadPayload, and nothing
else, where nothing of the message can be used.
"""
