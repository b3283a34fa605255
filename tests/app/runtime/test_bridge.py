"""Messages cross threads in order, thinned to what a window can show."""

from __future__ import annotations

import threading
import time

from pytestqt.qtbot import QtBot

from app.runtime.bridge import INTERVAL_MS, Bridge
from core.events import NodeFinished, NodeStarted, StepTaken


def test_steps_are_thinned_and_everything_else_arrives_in_order(qtbot: QtBot) -> None:
    bridge = Bridge()
    arrived: list[object] = []
    bridge.arrived.connect(arrived.append)

    def work() -> None:
        bridge.post(NodeStarted("a"))
        for done in range(1, 1001):
            bridge.post(StepTaken("a", done, 1000))
        bridge.post(NodeFinished("a", 0.0, None, False, ""))

    thread = threading.Thread(target=work)
    thread.start()
    qtbot.waitUntil(lambda: any(isinstance(each, NodeFinished) for each in arrived))
    thread.join()
    assert isinstance(arrived[0], NodeStarted)
    assert isinstance(arrived[-1], NodeFinished)
    steps = [each for each in arrived if isinstance(each, StepTaken)]
    assert 1 <= len(steps) < 100
    assert steps[-1].done == 1000


def test_a_thinned_step_keeps_the_newest_picture(qtbot: QtBot) -> None:
    bridge = Bridge()
    arrived: list[object] = []
    bridge.arrived.connect(arrived.append)
    picture = object()
    bridge.post(StepTaken("a", 1, 3, picture))
    bridge.post(StepTaken("a", 2, 3))
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived == [StepTaken("a", 2, 3, picture)]


def test_deliveries_are_at_most_thirty_a_second(qtbot: QtBot) -> None:
    bridge = Bridge()
    times: list[float] = []
    bridge.arrived.connect(lambda _message: times.append(time.monotonic()))
    stop = threading.Event()

    def work() -> None:
        done = 0
        while not stop.wait(0.001):
            done += 1
            bridge.post(StepTaken("a", done, 10_000))

    thread = threading.Thread(target=work)
    thread.start()
    qtbot.waitUntil(lambda: len(times) >= 8)
    stop.set()
    thread.join()
    bridge.close()
    mean = (times[7] - times[0]) / 7
    assert mean > INTERVAL_MS / 1000 * 0.8


def test_a_closed_bridge_delivers_nothing(qtbot: QtBot) -> None:
    bridge = Bridge()
    arrived: list[object] = []
    bridge.arrived.connect(arrived.append)
    bridge.post(NodeStarted("a"))
    bridge.close()
    bridge.post(NodeStarted("b"))
    qtbot.wait(3 * INTERVAL_MS)
    assert not arrived
