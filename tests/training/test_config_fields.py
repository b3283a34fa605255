"""What the form says of each field."""

from __future__ import annotations

import pytest

from training.config import RunConfig
from training.config_fields import fields_of
from training.paper_values import _OURS, OURS, PAPER, paper_value

FIELDS = {field.name: field for field in fields_of(RunConfig)}


def test_every_field_has_help_in_a_sentence_of_its_own() -> None:
    assert [name for name, field in FIELDS.items() if not (len(field.help) > 10 and field.help.endswith("."))] == []
    said: dict[tuple[str, str], str] = {}
    for name, field in FIELDS.items():
        table = name.rpartition(".")[0]
        assert said.setdefault((table, field.help), name) == name, f"{name} and {said[table, field.help]} share a help"


def test_every_field_has_the_papers_value_or_is_known_to_have_none() -> None:
    assert [name for name, field in FIELDS.items() if not field.paper] == []
    parts = {name.rsplit(".", depth)[0] for name in FIELDS for depth in range(name.count(".") + 1)}
    assert sorted(set(PAPER) - set(FIELDS)) == []
    assert sorted(set(_OURS) - set(FIELDS) - parts) == []


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("first_stage.kl", "1e-6"), ("second_stage.parameterization", "eps"), ("data.scenes.size", "256"),
        ("decoder.kl", OURS), ("data.scenes.shadow", OURS), ("second_stage.lora.rank", OURS),
        ("second_stage.parameter", ""), ("nam", ""),
    ],
)  # fmt: skip
def test_a_table_stands_for_its_fields_and_a_field_for_itself(name: str, paper: str) -> None:
    assert paper_value(name) == paper


def test_the_evaluations_steps_are_not_the_optimizers() -> None:
    assert "Denoising" in FIELDS["evaluation.steps"].help
    assert "Optimizer" in FIELDS["second_stage.steps"].help
