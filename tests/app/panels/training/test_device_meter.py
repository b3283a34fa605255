"""What is said of the graphics card, by NVIDIA's own library: with a driver and without."""

from __future__ import annotations

import re

import pynvml
import pytest

from app.panels.training.device_meter import DeviceMeter


def has_driver() -> bool:
    try:
        pynvml.nvmlInit()
        pynvml.nvmlDeviceGetHandleByIndex(0)
    except pynvml.NVMLError:
        return False
    return True


def test_the_card_is_told_of_where_there_is_one_and_else_nothing_is_said() -> None:
    told = DeviceMeter().read()
    if has_driver():
        assert re.fullmatch(r"\d+\.\d of \d+ GiB(  ·  \d+ °C)?", told)
    else:
        assert told == ""


@pytest.mark.skipif(has_driver(), reason="the library answers here")
def test_a_card_that_is_lost_while_it_is_watched_is_no_error() -> None:
    meter = DeviceMeter()
    meter._device = pynvml.c_nvmlDevice_t()  # as before the driver went away
    with pytest.raises(pynvml.NVMLError):
        pynvml.nvmlDeviceGetMemoryInfo(meter._device)
    assert meter.read() == ""
