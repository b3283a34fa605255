"""The notation of prompts."""

from __future__ import annotations

import pytest

from core.conditioning.prompt import parse_prompt


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("", []),
        ("a red fox", [("a red fox", 1.0)]),
        ("a (red:1.3) fox", [("a ", 1.0), ("red", 1.3), (" fox", 1.0)]),
        ("(red)", [("red", 1.1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("[[red]]", [("red", 1 / 1.21)]),
        ("([red])", [("red", 1.0)]),
        ("(a (red:2) fox)", [("a ", 1.1), ("red", 2.2), (" fox", 1.1)]),
        ("(red : 0.5 )", [("red ", 0.5)]),
        ("(red:-1)(blue:.5)", [("red", -1.0), ("blue", 0.5)]),
        (r"\(red\) \[fox\] \\", [("(red) [fox] \\", 1.0)]),
        ("a (red fox", [("a ", 1.0), ("red fox", 1.1)]),
        ("red) fox:1.2)", [("red) fox:1.2)", 1.0)]),
        ("red] fox", [("red] fox", 1.0)]),
        ("a: b, 3:4, http://x.y/", [("a: b, 3:4, http://x.y/", 1.0)]),
        ("[red:1.5]", [("red:1.5", 1 / 1.1)]),
        ("\\", [("\\", 1.0)]),
        ("()", []),
    ],
)
def test_brackets_give_strength(prompt: str, spans: list[tuple[str, float]]) -> None:
    found = parse_prompt(prompt)
    assert [span.text for span in found] == [text for text, _ in spans]
    assert [span.weight for span in found] == pytest.approx([weight for _, weight in spans])


def test_break_begins_a_window() -> None:
    found = parse_prompt("a fox BREAK (snow) BREAKFAST")
    assert [(span.text.strip(), span.new_window) for span in found if span.text.strip()] == [
        ("a fox", False), ("snow", False), ("BREAKFAST", False),
    ]  # fmt: skip
    assert [span.text for span in found if span.new_window] == [" "]
    assert not any(span.new_window for span in parse_prompt("a fox"))
