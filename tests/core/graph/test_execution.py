"""Order, caching, going back, cancelling, failing, muting, bypassing, sweeps, files, and long chains."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cancellation import CancelToken
from core.errors import Cancelled, LoomError
from core.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeNoted,
    NodeStarted,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StepTaken,
)
from core.graph.cache import ByteBoundedCache
from core.graph.edits import Rename, SetSetting, SetState
from core.graph.execution import Executor
from core.graph.validation import InvalidWorkflowError
from core.graph.workflow_file import loads


def diamond(graph: Any) -> Any:
    """a -> (b, c) -> d"""
    graph.add("a", "number", value=10).add("b", "add", amount=1).add("c", "add", amount=2).add("d", "add", amount=0)
    return graph.link("a.int", "b.left").link("a.int", "c.left").link("b.int", "d.left").link("c.int", "d.right")


def test_sources_run_before_users_and_values_arrive(graph: Any) -> None:
    assert diamond(graph).value("d.int") == 11 + 12
    started = [event.node for event in graph.of(NodeStarted)]
    assert sorted(started) == ["a", "b", "c", "d"]
    assert (started[0], started[-1]) == ("a", "d")


def test_named_outputs_arrive_each_at_its_input(graph: Any) -> None:
    graph.add("a", "number", value=7).add("h", "halves").add("d", "add", amount=0)
    graph.link("a.int", "h.whole").link("h.low", "d.left").link("h.high", "d.right")
    assert graph.run("h").outputs == {("h", "low"): 3, ("h", "high"): 4}
    assert graph.value("d.int") == 7


def test_a_second_run_calls_nothing(graph: Any, calls: Counter[str]) -> None:
    diamond(graph).run()
    calls.clear()
    result = graph.run()
    assert result.ran == 0
    assert not calls
    assert result.outputs == {("d", "int"): 23}
    assert all(event.cached for event in graph.of(NodeFinished))
    assert len(graph.of(NodeFinished)) == graph.of(RunStarted)[0].total == 4


def test_only_what_depends_on_a_change_reruns(graph: Any) -> None:
    diamond(graph).run()
    graph.workflow.apply(SetSetting("b", "amount", 5))
    assert graph.value("d.int") == 27
    assert [event.node for event in graph.of(NodeStarted)] == ["b", "d"]


def test_going_back_to_an_earlier_setting_reruns_nothing(graph: Any) -> None:
    diamond(graph).run()
    inverse = graph.workflow.apply(SetSetting("a", "value", 20))
    graph.run()
    graph.workflow.apply(inverse)
    assert graph.run().ran == 0


def test_names_places_and_defaults_spelled_out_change_no_key(graph: Any) -> None:
    graph.add("a", "number").add("b", "add").link("a.int", "b.left").run()
    graph.workflow.apply(Rename("a", "Mine"))
    graph.workflow.apply(SetSetting("b", "amount", 1))
    graph.workflow.apply(SetSetting("b", "unknown", "ignored"))
    assert graph.run().ran == 0


def test_equal_nodes_run_once(graph: Any, calls: Counter[str]) -> None:
    graph.add("a", "number", value=3).add("b", "number", value=3).add("d", "add").link("a.int", "d.left")
    graph.link("b.int", "d.right")
    assert graph.value("d.int") == 7
    assert calls["number"] == 1
    assert len(graph.of(NodeFinished)) == 3


def test_only_what_the_targets_need_runs(graph: Any) -> None:
    diamond(graph).run("b")
    assert [event.node for event in graph.of(NodeStarted)] == ["a", "b"]


def test_results_can_be_looked_at_after_the_run(graph: Any) -> None:
    diamond(graph).run()
    assert graph.executor.peek("b") == {"int": 11}
    assert graph.executor.peek("absent") is None


def test_finished_events_carry_the_results_and_a_summary(graph: Any) -> None:
    graph.add("a", "number", value=4).run()
    (event,) = graph.of(NodeFinished)
    assert event.outputs == {"int": 4}
    assert event.summary == "4"
    assert event.seconds >= 0
    assert event.peak_bytes is None


def test_the_meter_measures_each_node(graph: Any) -> None:
    class Meter:
        started = 0

        def start(self) -> None:
            self.started += 1

        def peak(self) -> int:
            return 1000 * self.started

    graph.executor = Executor(graph.registry, meter=Meter())
    graph.add("a", "number").add("b", "add").link("a.int", "b.left").run()
    assert [event.peak_bytes for event in graph.of(NodeFinished)] == [1000, 2000]


def test_steps_are_reported_with_previews(graph: Any) -> None:
    graph.add("a", "number", value=0).add("s", "steps", count=3).link("a.int", "s.start").run()
    assert graph.of(StepTaken) == [StepTaken("s", 1, 3, 1), StepTaken("s", 2, 3, 2), StepTaken("s", 3, 3, 3)]


def test_cancel_acts_within_one_step_and_keeps_what_was_finished(graph: Any, calls: Counter[str]) -> None:
    graph.add("a", "number", value=0).add("s", "steps", count=100).link("a.int", "s.start")
    cancel = CancelToken()

    def emit(event: Event) -> None:
        graph.events.append(event)
        if isinstance(event, StepTaken) and event.done == 4:
            cancel.cancel()

    with pytest.raises(Cancelled):
        graph.executor.run(graph.workflow, cancel=cancel, emit=emit)
    assert calls["step"] == 4
    assert graph.events[-1] == RunCancelled()
    assert not graph.of(RunFailed)
    assert not graph.of(NodeFailed)
    calls.clear()
    assert graph.value("s.int") == 100
    assert calls == {"step": 100}


def test_a_cancelled_token_stops_before_the_first_node(graph: Any, calls: Counter[str]) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        graph.chain(3).run(cancel=cancel)
    assert not calls


@pytest.mark.parametrize("kindly", [True, False])
def test_a_failure_names_its_node_and_keeps_what_was_finished(graph: Any, kindly: bool, calls: Counter[str]) -> None:
    graph.chain(3).add("bad", "fail", kindly=kindly).link("n2.int", "bad.value")
    with pytest.raises(LoomError) as raised:
        graph.run()
    error = raised.value
    assert error.node == "bad"
    assert error.port == ("value" if kindly else None)
    assert graph.events[-2:] == [NodeFailed("bad", error.port, error), RunFailed(error)]
    if not kindly:
        assert "ZeroDivisionError" in error.what
        assert isinstance(error.__cause__, ZeroDivisionError)
        assert error.__cause__.__traceback__ is not None
    calls.clear()
    assert graph.value("n2.int") == 3
    assert not calls


def test_a_result_of_another_type_than_declared_is_an_error(graph: Any) -> None:
    graph.add("a", "number").add("bad", "lie").link("a.int", "bad.value")
    with pytest.raises(LoomError, match='returned int as "str"'):
        graph.run()


def test_an_invalid_workflow_runs_nothing_and_reports_every_problem(graph: Any, calls: Counter[str]) -> None:
    graph.add("a", "number", value=-1).add("b", "add").add("c", "add").link("a.int", "c.left")
    with pytest.raises(InvalidWorkflowError) as raised:
        graph.run()
    assert {problem.node for problem in raised.value.problems} == {"a", "b"}
    assert {event.node for event in graph.of(NodeFailed)} == {"a", "b"}
    assert isinstance(graph.events[-1], RunFailed)
    assert not graph.of(RunStarted)
    assert not calls


def test_a_muted_node_and_its_dependents_do_not_run(graph: Any) -> None:
    graph.chain(3).add("other", "add").link("n0.int", "other.left")
    graph.workflow.apply(SetState("n1", "muted"))
    assert graph.run().outputs == {("other", "int"): 2}
    assert {event.node for event in graph.of(NodeFinished)} == {"n0", "other"}


def test_a_bypassed_node_passes_its_first_fitting_input_on(graph: Any) -> None:
    graph.chain(4)
    graph.workflow.apply(SetState("n1", "bypassed"))
    graph.workflow.apply(SetState("n2", "bypassed"))
    assert graph.value("n3.int") == 2
    assert {event.node for event in graph.of(NodeFinished)} == {"n0", "n3"}


def test_a_bypassed_node_at_the_end_still_makes_what_feeds_it(graph: Any) -> None:
    graph.chain(3)
    graph.workflow.apply(SetState("n2", "bypassed"))
    assert graph.run().outputs == {("n1", "int"): 2}


def test_a_long_row_of_bypassed_nodes_is_nothing_special(graph: Any) -> None:
    graph.chain(5000)
    for index in range(1, 4999):
        graph.workflow.apply(SetState(f"n{index}", "bypassed"))
    assert graph.value("n4999.int") == 2


def test_a_chain_of_10_000_nodes_runs(graph: Any, calls: Counter[str]) -> None:
    assert graph.chain(10_000).run().outputs == {("n9999", "int"): 10_000}
    assert calls == {"number": 1, "add": 9_999}
    assert graph.run().ran == 0
    graph.workflow.apply(SetSetting("n9999", "amount", 2))
    assert graph.run().ran == 1


def test_the_cost_grows_linearly(new_graph: Callable[[], Any]) -> None:
    def python_calls(length: int) -> int:
        graph = new_graph().chain(length)
        count = 0

        def profile(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            graph.executor.run(graph.workflow)
        finally:
            sys.setprofile(before)
        return count

    small, large = python_calls(200), python_calls(800)
    assert large < 4.2 * small


def test_a_result_that_does_not_fit_into_the_cache_is_still_passed_on(graph: Any) -> None:
    graph.executor = Executor(graph.registry, ByteBoundedCache(0))
    assert graph.chain(20).value("n19.int") == 20
    assert graph.run().ran == 20


def test_a_changed_file_reruns_its_reader_and_a_touched_one_does_not(
    graph: Any, calls: Counter[str], tmp_path: Path
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("one")
    graph.add("r", "read", path=str(path))
    assert graph.value("r.str") == "one"
    path.touch()
    graph.run()
    assert calls["read"] == 1
    path.write_text("two")
    assert graph.value("r.str") == "two"


def test_files_are_written_once_and_again_when_they_are_gone(graph: Any, calls: Counter[str], tmp_path: Path) -> None:
    graph.add("a", "number", value=5).add("w", "write").link("a.int", "w.value")
    result = graph.run(output_folder=tmp_path)
    written = tmp_path / "number.txt"
    assert result.written == (written,)
    first, _, workflow = written.read_text().partition("\n")
    assert first == "5"
    assert loads(workflow).workflow.nodes.keys() == {"a", "w"}
    assert graph.run(output_folder=tmp_path).ran == 0
    written.unlink()
    assert graph.run(output_folder=tmp_path).ran == 1
    assert written.exists()


def test_two_nodes_that_write_are_two_files(graph: Any, tmp_path: Path) -> None:
    graph.add("a", "number").add("w", "write", name="x").add("v", "write", name="x")
    graph.link("a.int", "w.value").link("a.int", "v.value")
    assert graph.run(output_folder=tmp_path).ran == 3
    (tmp_path / "other").mkdir()
    assert graph.run(output_folder=tmp_path / "other").ran == 2


def test_sweeps_make_a_grid_and_share_what_does_not_depend_on_them(graph: Any, calls: Counter[str]) -> None:
    graph.add("a", "number", value={"sweep": [10, 20]}).add("b", "add", amount={"sweep": [1, 2, 3]})
    graph.add("z", "number", value=5).add("d", "add", amount=0)
    graph.link("a.int", "b.left").link("b.int", "d.left").link("z.int", "d.right")
    result = graph.run()
    assert [cell.outputs["d", "int"] for cell in result.grid] == [16, 17, 18, 26, 27, 28]
    assert result.grid[1].values == (("a", "value", 10), ("b", "amount", 2))
    assert calls == {"number": 3, "add": 12}
    assert len(graph.of(NodeFinished)) == graph.of(RunStarted)[0].total == 24
    assert graph.run().ran == 0


def test_a_run_begins_and_ends_with_its_own_events(graph: Any) -> None:
    graph.chain(2).run()
    assert graph.events[0] == RunStarted(2)
    assert isinstance(graph.events[-1], RunFinished)


def test_the_last_picture_of_the_steps_stays_with_the_result(graph: Any) -> None:
    graph.add("a", "number", value=1).add("s", "sketch").link("a.int", "s.value").run()
    inverse = graph.workflow.apply(SetSetting("a", "value", 2))
    graph.run()
    graph.workflow.apply(inverse)
    graph.run()
    assert [event.preview for event in graph.of(NodeFinished) if event.node == "s"] == ["picture of 1"]


def test_a_note_is_said_again_when_the_result_is_cached(graph: Any) -> None:
    graph.add("a", "number", value=1).add("s", "sketch").link("a.int", "s.value")
    for _ in range(2):
        graph.run()
        assert graph.of(NodeNoted) == [NodeNoted("s", "1 is a small number.")]
    assert graph.of(NodeFinished)[-1].cached


def test_written_files_are_named_by_the_run_and_again_by_the_cache(graph: Any, tmp_path: Path) -> None:
    graph.add("a", "number").add("w", "write").link("a.int", "w.value")
    for _ in range(2):
        graph.run(output_folder=tmp_path)
        assert graph.of(NodeFinished)[-1].written == (tmp_path / "number.txt",)
