"""What the shipped weights learn: things that differ in colour and in outline even at 64 pixels."""

from __future__ import annotations

EASY_12 = (
    "fox",
    "frog",
    "panda",
    "elephant",
    "whale",
    "donut",
    "star",
    "heart",
    "umbrella",
    "tree",
    "car",
    "mushroom",
)
EASY_24 = (
    *EASY_12,
    "pig",
    "penguin",
    "octopus",
    "turtle",
    "butterfly",
    "apple",
    "banana",
    "strawberry",
    "watermelon",
    "pizza",
    "rocket",
    "sunflower",
)
EASY_BACKGROUNDS = (
    "meadow",
    "beach",
    "snow",
    "space",
    "plain red",
    "plain blue",
    "plain green",
    "plain yellow",
    "plain pink",
    "plain purple",
)
