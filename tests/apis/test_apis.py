"""The comments in `calls.py` are true of the installed versions."""

from __future__ import annotations

import probe


def test_calls_do_what_their_comments_say() -> None:
    wrong = [f"{call.code}  # {found or 'the same'}" for call, found in probe.differences()]
    assert not wrong, "run tests/apis/probe.py --write and look at:\n" + "\n".join(wrong)


def test_each_call_is_there_once() -> None:
    codes = [call.code for call in probe.calls()]
    assert len(set(codes)) == len(codes) > 500
