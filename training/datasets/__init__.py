"""Captioned pictures to learn from: a generator of sticker scenes with captions, boxes, masks and semantic maps."""
