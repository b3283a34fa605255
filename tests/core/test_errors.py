"""Errors in three parts."""

from __future__ import annotations

from core.errors import InputError, LoomError, ModelFileError


def test_an_error_reads_as_three_sentences() -> None:
    error = InputError("Width 500 cannot be encoded.", why="It needs multiples of 8.", fix="Use 496 or 504.")
    assert str(error) == "Width 500 cannot be encoded. It needs multiples of 8. Use 496 or 504."
    assert isinstance(error, LoomError)


def test_an_error_is_placed_only_once() -> None:
    error = ModelFileError("a.", why="b.", fix="c.", port="width")
    assert error.at("inner", "height") is error
    assert (error.node, error.port) == ("inner", "width")
    assert error.at("outer").node == "inner"
