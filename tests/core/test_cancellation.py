"""The token that stops long work."""

from __future__ import annotations

import threading

import pytest

from core.cancellation import CancelToken
from core.errors import Cancelled


def test_work_goes_on_until_it_is_cancelled() -> None:
    token = CancelToken()
    token.check()
    assert not token.cancelled
    token.cancel()
    assert token.cancelled
    with pytest.raises(Cancelled):
        token.check()


def test_another_thread_may_cancel() -> None:
    token = CancelToken()
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    with pytest.raises(Cancelled):
        token.check()
