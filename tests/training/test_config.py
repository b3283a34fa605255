"""The training configuration: what is refused and how, and overrides from the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.diffusion.parameterization import Parameterization
from core.errors import InputError
from training import toml_writer
from training.config import RunConfig, build, load_config, to_dict

SHIPPED = sorted((Path(__file__).parents[2] / "resources" / "training").glob("*.toml"))
SHARD = '[distributed]\nmode = "shard"'


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., RunConfig]:
    """Load a configuration from text, with overrides."""

    def load(text: str = 'name = "run"', **overrides: str) -> RunConfig:
        (tmp_path / "run.toml").write_text(text, encoding="utf-8")
        return load_config(tmp_path / "run.toml", {key.replace("__", "."): value for key, value in overrides.items()})

    return load


Load = Callable[..., RunConfig]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_configurations_load_and_survive_being_written(file: Path) -> None:
    config = load_config(file)
    assert build(RunConfig, tomllib.loads(toml_writer.dumps(to_dict(config))), "copy") == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name"),
        ('name = "run"\ncolour = 3', "no field 'colour'"),
        ('name = "run"\n[second_stage]\nstep = 3', "second_stage: there is no field 'step'"),
        ('name = "run"\nseed = "three"', "seed must be int; got 'three'"),
        ('name = "run"\nseed = true', "seed must be int; got True"),
        ('name = "run"\nseed = 1.5', "seed must be int; got 1.5"),
        ('name = "run"\ndata = 3', "data must be a table; got 3"),
        ('name = "run"\nphases = "decoder"', "phases must be a list; got 'decoder'"),
        ('name = "run"\nphases = []', "at least one of first_stage"),
        ('name = "run"\nphases = ["third_stage"]', "must be among first_stage, decoder, second_stage"),
        ('name = "../run"', "folder's name; got '../run'"),
        ('name = ""', "folder's name; got ''"),
        ('name = "run"\nlog_every = 0', "log_every must be above 0; got 0"),
        ('name = "run"\nkeep_checkpoints = 0', "keep_checkpoints must be above 0; got 0"),
        ('name = "run"\n[second_stage]\nunet = 3', "unet must be a table; got 3"),
        ('name = "run"\n[first_stage]\nperceptual = "vgg"', "none, efficientnet-lite0, lpips-vgg16; got 'vgg'"),
        ('name = "run"\n[first_stage]\nreduction = "max"', "reduction must be among sum, mean; got 'max'"),
        ('name = "run"\n[first_stage.discriminator]\ndisc_loss = "l2"', "must be among hinge, vanilla; got 'l2'"),
        ('name = "run"\n[first_stage.discriminator]\ndisc_num_layers = 0', "disc_num_layers must be 1 or more; got 0"),
        ('name = "run"\n[second_stage.objective]\nloss_type = "l3"', "must be among l1, l2; got 'l3'"),
        ('name = "run"\n[first_stage.optimizer]\nschedule = { kind = "steep" }', "kind of the schedule must be among"),
        ('name = "run"\n[second_stage]\nparameterization = "w"', "must be among eps, x0, v; got 'w'"),
        ('name = "run"\n[second_stage]\ncondition_dropout = 1', "condition_dropout must be from 0 to below 1"),
        ('name = "run"\n[first_stage.optimizer]\nbetas = [0.9]', "betas must have 2 values; got [0.9]"),
        ('name = "run"\n[first_stage.optimizer]\nlr = nan', "lr must be above 0; got nan"),
        ('name = "run"\n[data.scenes]\ndetail = "odd"', "among canonical, varied; got 'odd'"),
        ('name = "run"\n[distributed]\nmode = "split"', "must be among replicate, shard; got 'split'"),
        (f'name = "run"\n{SHARD}\n[second_stage]\nprecision = "float16"', "where distributed.mode is shard"),
        (f'name = "run"\n{SHARD}\n[second_stage]\ncompiled = true', "must be false where distributed.mode is shard"),
        ('name = "run', "not valid TOML"),
    ],
)
def test_mistakes_are_told_in_three_parts_with_the_value_and_what_is_valid(load: Load, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        load(text)
    assert said in str(refused.value)
    assert all((refused.value.what, refused.value.why, refused.value.fix))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml cannot be read"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text",
    ['["second_stage"]', "[second_stage]", "second_stage", '"second_stage"', "['second_stage']", " [ second_stage, ] "],
)
def test_a_list_is_understood_as_shells_hand_it_over(load: Load, text: str) -> None:
    assert load(phases=text).phases == ("second_stage",)


def test_a_list_of_several_needs_no_quotes(load: Load) -> None:
    assert load(phases="decoder,second_stage").phases == ("decoder", "second_stage")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("name", "2024", "2024"),
        ("name", "true", "true"),
        ("name", '"quoted"', "quoted"),
        ("initial", "", ""),
        ("initial", "runs/ae/models", "runs/ae/models"),
        ("second_stage.steps", "100", 100),
        ("second_stage.min_snr_gamma", "5", 5.0),
        ("second_stage.parameterization", "eps", Parameterization.EPS),
        ("second_stage.unet.channel_mult", "[1, 2]", [1, 2]),
        ("second_stage.optimizer.betas", "0.8, 0.9", (0.8, 0.9)),
        ("data.scenes.counts", "[[1, 1.0]]", ((1, 1.0),)),
        ("data.scenes.shadow", "false", False),
    ],
)
def test_overrides_are_read_by_the_type_of_their_field(load: Load, key: str, text: str, value: Any) -> None:
    found: Any = load(**{key: text})
    for part in key.split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("seed", "", "seed must be int; got ''"),
        ("phases", "", "at least one of"),
        ("phases", "[]", "at least one of"),
        ("name", "", "folder's name"),
        ("second_stage.stepps", "3", "no field 'stepps'"),
        ("second_stage", "3", "second_stage must be a table; got '3'"),
        ("seed.more", "3", "seed is a value"),
        ("", "3", "no field ''"),
    ],
)
def test_overrides_that_do_not_fit_are_told(load: Load, key: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        load('name = "run"\nseed = 1', **{key: text})
    assert said.replace("'3'", "3") in str(refused.value).replace("'3'", "3")
