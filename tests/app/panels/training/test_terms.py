"""Which terms are plotted, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.panels.training.page import TrainingPage
from app.panels.training.terms import ordered, repeats, term
from training.run_folder import RunFolder
from training.watching.curve_table import Curve

A, B = Path("a"), Path("b")


def curve(*values: float) -> Curve:
    mean = np.array(values, np.float32)
    return Curve(np.arange(len(values)), mean, mean, mean)


def test_the_loss_comes_first_and_rates_last() -> None:
    names = ["lr", "grad_norm", "loss_vlb", "something", "loss_q0", "loss", "loss"]
    assert ordered(names) == ["loss", "loss_q0", "something", "loss_vlb", "grad_norm", "lr"]


@pytest.mark.parametrize(
    ("name", "title"),
    [("loss_simple", "Prediction error"), ("LPIPS_vgg", "LPIPS vgg"), ("eval/psnr", "Held out: psnr"), ("x", "X")],
)
def test_a_term_has_a_name_for_people(name: str, title: str) -> None:
    assert term(name).title == title


def test_the_same_curve_under_another_name_is_a_repetition() -> None:
    curves = {(A, "loss"): curve(1, 2), (A, "loss_gamma"): curve(1, 2), (A, "loss_simple"): curve(3, 4)}
    assert repeats(curves | {(A, "loss_vlb"): curve(3, 4)}) == {"loss_gamma": "loss", "loss_vlb": "loss_simple"}
    assert repeats(curves | {(A, "loss_vlb"): curve(3, 4.1)}) == {"loss_gamma": "loss"}


def test_a_curve_that_differs_in_one_run_or_is_not_there_is_none() -> None:
    curves = {(A, "loss"): curve(1, 2), (A, "loss_gamma"): curve(1, 2), (B, "loss"): curve(5, 6)}
    assert repeats(curves) == {}
    assert repeats(curves | {(B, "loss_gamma"): curve(5, 7)}) == {}
    assert repeats(curves | {(B, "loss_gamma"): curve(5, 6)}) == {"loss_gamma": "loss"}


def test_other_terms_that_happen_to_be_alike_keep_their_plots() -> None:
    assert repeats({(A, "d_weight"): curve(1, 1), (A, "disc_factor"): curve(1, 1)}) == {}


def test_repetitions_are_plotted_on_request_and_once_they_differ(
    open_page: Callable[[], TrainingPage], make_run: Callable[..., RunFolder], qtbot: QtBot
) -> None:
    run = make_run("one", 0, "second_stage")
    for step in range(1, 10):
        run.metric(phase="second_stage", step=step, lr=0.1, loss=1 / step, loss_gamma=1 / step, loss_simple=2 / step)
    page = open_page()
    qtbot.waitUntil(lambda: page.curves is not None and len(page.curves.plots) > 1)
    curves = page.curves
    assert curves is not None
    assert list(curves.plots) == ["loss", "loss_simple", "lr"]
    curves.all_terms.click()
    assert list(curves.plots) == ["loss", "loss_simple", "loss_gamma", "lr"]
    curves.all_terms.click()
    assert list(curves.plots) == ["loss", "loss_simple", "lr"]
    run.metric(phase="second_stage", step=10, lr=0.1, loss=0.1, loss_gamma=0.3, loss_simple=0.2)
    qtbot.waitUntil(lambda: list(curves.plots) == ["loss", "loss_simple", "loss_gamma", "lr"])
    assert curves.all_terms.isHidden()
