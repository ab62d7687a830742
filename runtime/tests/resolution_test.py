"""When and how often the factory is called: threads, recursion, signals, background."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import proxyrt
from proxyrt._proxyrt import join_background


class SlowFactory:
    """Counts its calls, and gives the other threads time to race."""

    def __init__(self, value, failures=0):
        self.value = value
        self.failures = failures
        self.calls = 0

    def __call__(self):
        self.calls += 1
        time.sleep(0.02)
        if self.failures:
            self.failures -= 1
            raise OSError("not yet")
        return self.value


def race(threads, function):
    barrier = threading.Barrier(threads)

    def start(_):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(start, range(threads)))


OPERATIONS = [len, str, iter, hash, bool, proxyrt.extract, lambda p: p.upper, lambda p: p == 1]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_racing_threads_call_the_factory_once(runtime, operation):
    for _ in range(3):
        factory = SlowFactory("value")
        p = runtime.Proxy(factory)
        race(8, lambda p=p: operation(p))
        assert factory.calls == 1


def test_racing_threads_get_the_same_object(runtime):
    p = runtime.Proxy(SlowFactory(None).__class__(object()))
    assert len({id(found) for found in race(8, lambda: runtime.extract(p))}) == 1


def test_after_a_failure_the_next_thread_tries(runtime):
    factory = SlowFactory("value", failures=3)
    p = runtime.Proxy(factory)

    def attempt():
        try:
            return p.upper()
        except runtime.ProxyResolveError as error:
            assert isinstance(error.cause, OSError)
            return None

    results = race(8, attempt)
    assert results.count(None) == 3
    assert results.count("VALUE") == 5
    assert factory.calls == 4


def test_threads_that_need_different_proxies_do_not_wait(runtime):
    slow = runtime.Proxy(lambda: time.sleep(5) or 1)
    threading.Thread(target=runtime.resolve, args=(slow,), daemon=True).start()
    start = time.perf_counter()
    assert runtime.of(1) + 1 == 2
    assert time.perf_counter() - start < 1


def test_factory_that_uses_its_proxy(runtime):
    p = runtime.Proxy(lambda: p + 1)
    with pytest.raises(runtime.ProxyResolveError) as caught:
        p + 1
    while isinstance(caught.value, runtime.ProxyResolveError):
        caught._excinfo = (type(caught.value.cause), caught.value.cause, None)
    assert isinstance(caught.value, RecursionError)
    assert not runtime.is_resolved(p)


def test_factory_that_returns_its_proxy(runtime):
    p = runtime.Proxy(lambda: p)
    for operation in (len, str, hash, lambda p: p + 1, lambda p: p.x, lambda p: p == 1):
        with pytest.raises(RecursionError):
            operation(p)
    assert runtime.extract(p) is p


def test_factories_that_return_each_others_proxies(runtime):
    p = runtime.Proxy(lambda: q)
    q = runtime.Proxy(lambda: p)
    with pytest.raises(RecursionError):
        p + 1


def test_deeply_nested_proxies_neither_overflow_nor_leak(runtime):
    p = runtime.of(1)
    for _ in range(500):
        inner = p
        p = runtime.Proxy(lambda inner=inner: inner)
    assert p + 1 == 2
    for _ in range(100_000):
        p = runtime.Proxy(int, target=p)
    with pytest.raises(RecursionError):
        p + 1
    del p, inner


def test_factories_of_two_threads_that_wait_for_each_other(runtime):
    inside = threading.Barrier(2)

    def first_factory():
        inside.wait()
        return second + 1

    def second_factory():
        inside.wait()
        return first + 1

    first, second = runtime.Proxy(first_factory), runtime.Proxy(second_factory)
    errors = []

    def use(p):
        try:
            p + 1
        except runtime.ProxyResolveError as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(p,)) for p in (first, second)]
    for thread in threads:
        thread.start()
    # One of the two is told, retries, and breaks the barrier that only two can pass.
    inside_again = threading.Timer(0.5, inside.abort)
    inside_again.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    inside_again.cancel()
    assert errors


def test_resolving_another_proxy_inside_a_factory(runtime):
    inner = runtime.of(2)
    assert runtime.Proxy(lambda: inner * 3) + 1 == 7


def test_resolving_under_a_lock(runtime):
    lock = threading.RLock()

    def factory():
        with lock:
            return 5

    p = runtime.Proxy(factory)

    def use():
        with lock:
            return p + 1

    with lock:
        assert p + 1 == 6
    assert race(8, use) == [6] * 8


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("background", [False, True], ids=["in the factory", "while waiting"])
def test_interrupt_leaves_the_proxy_usable(background):
    program = f"""
        import os, signal, threading, time
        from proxyrt import Proxy, is_resolved, resolve
        calls = []
        def factory():
            calls.append(1)
            time.sleep(2 if len(calls) == 1 else 0)
            return 5
        p = Proxy(factory)
        if {background}:
            threading.Thread(target=resolve, args=(p,), daemon=True).start()
            while not calls:
                time.sleep(0.01)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        start = time.perf_counter()
        try:
            p + 1
        except KeyboardInterrupt:
            assert time.perf_counter() - start < 1
            assert not is_resolved(p)
            assert p + 1 == 6
            print("usable", len(calls))
    """
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert result.stdout.split() == ["usable", "1" if background else "2"]
    assert result.stderr == ""


def test_background(runtime):
    begun, gate, calls = threading.Event(), threading.Event(), []

    def factory():
        calls.append(1)
        begun.set()
        assert gate.wait(30)
        return "value"

    p = runtime.Proxy(factory)
    runtime.resolve_async(p)
    runtime.resolve_async(p)
    assert begun.wait(30)
    assert proxyrt.inspect(p).state == "resolving"
    threading.Timer(0.01, gate.set).start()
    assert p.upper() == "VALUE"
    runtime.resolve_async(p)
    assert calls == [1]


def test_background_runs_in_parallel(runtime):
    proxies = [runtime.Proxy(lambda: time.sleep(0.2) or 1) for _ in range(8)]
    start = time.perf_counter()
    for p in proxies:
        runtime.resolve_async(p)
    assert sum(proxies) == 8
    assert time.perf_counter() - start < 1


def test_background_failure_is_raised_by_the_first_use(runtime):
    factory = SlowFactory("value", failures=2)
    p = runtime.Proxy(factory)
    runtime.resolve_async(p)
    while not factory.calls:
        time.sleep(0.001)
    with pytest.raises(runtime.ProxyResolveError):
        p.upper()
    assert p.upper() == "VALUE"
    assert factory.calls == 3


def test_background_takes_many_and_dependent_proxies(runtime):
    """More than there are workers, each needing the next: none of them may wait for its turn."""
    proxies = [runtime.of(0)]
    for _ in range(100):
        proxies.append(runtime.Proxy(lambda below=proxies[-1]: below + 1))
    for p in reversed(proxies):
        runtime.resolve_async(p)
    assert proxies[-1] == 100
    before = threading.active_count()
    many = [runtime.Proxy(lambda: time.sleep(0.001) or 1) for _ in range(500)]
    for p in many:
        runtime.resolve_async(p)
    join_background()
    assert all(map(runtime.is_resolved, many))
    assert threading.active_count() == before


def test_background_refuses_other_objects():
    with pytest.raises(TypeError):
        proxyrt.resolve_async(1)


def test_background_at_exit():
    program = """
        import time
        from proxyrt import Proxy, resolve_async
        def factory():
            time.sleep(0.3)
            print("made")
        for _ in range(4):
            resolve_async(Proxy(factory))
    """
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert result.stdout.count("made") == 4
    assert result.stderr == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_claims_of_other_threads_end_at_a_fork(runtime):
    started = threading.Event()

    def factory():
        started.set()
        time.sleep(1)
        return os.getpid()

    p = runtime.Proxy(factory)
    runtime.resolve_async(p)
    started.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        code = 1
        try:
            code = 0 if p == os.getpid() else 2
            join_background()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert p == os.getpid()


def test_trace_names_the_line_that_resolves(runtime):
    p = runtime.of([1])

    def culprit():
        return len(p)

    with proxyrt.trace_resolves() as seen:
        culprit()
        culprit()
    (resolution,) = seen
    assert resolution.stack[-1].name == "culprit"
    assert resolution.stack[-1].line == "return len(p)"
    assert resolution.error is None
    assert resolution.seconds >= 0
    assert resolution.thread == threading.current_thread().name
    assert hex(id(p)) in str(resolution)
    runtime.of(1) + 1
    assert len(seen) == 1


def test_trace_of_failures_nests_and_background(runtime):
    printed = []

    def fail():
        raise ValueError("no")

    with proxyrt.trace_resolves(printed.append) as outer:
        with proxyrt.trace_resolves() as inner, pytest.raises(runtime.ProxyResolveError):
            str(runtime.Proxy(fail))
        p = runtime.of(1)
        runtime.resolve_async(p)
        join_background()
        assert p == 1
    assert len(inner) == 1
    assert outer == printed
    assert [resolution.error is None for resolution in outer] == [False, True]
    assert "failed" in str(outer[0])


def test_errors_of_a_listener_do_not_reach_the_program(runtime, monkeypatch):
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: unraisable.append(info.exc_type))

    def listener(resolution):
        raise ZeroDivisionError

    with proxyrt.trace_resolves(listener):
        assert runtime.of(1) == 1
    assert unraisable == [ZeroDivisionError]
