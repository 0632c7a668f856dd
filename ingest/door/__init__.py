"""The TCP door: HJ 212 and SL 651 frames, published to the broker and confirmed after it."""
