"""Federated learning: the correct version trains a model, the mistaken one shows each mistake."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from apps import shows, versions
from distributed import Client
from proxystore.proxy import Proxy
from proxystore.store import Store
from proxystore.store.utils import get_key

APP = "federated_learning"
correct, mistaken = versions(APP)


def server_of(version: Any, store: Store[Any], client: Any = None) -> Any:
    return version.server.Server(client, store, version.data.make_shards(2, 20, features=3))


def checkpoint_of(store: Store[Any]) -> Any:
    state = {"version": 3, "weights": np.ones(2), "bias": 0.5, "losses": [0.9, 0.7, 0.6]}
    return store.proxy(state)


def test_training_improves_the_model(client: Client, store: Store[Any], objects: Path) -> None:
    result = correct.run(client, store)

    assert result["before"] < 0.4
    assert result["after"] > 0.8
    assert result["loss"] < 0.43
    assert list(objects.iterdir()) == []


def test_federated_averaging_is_the_weighted_mean() -> None:
    updates = [
        correct.training.Update(
            site, correct.model.Parameters(np.array([value]), value), samples, 0.1
        )
        for site, value, samples in [("a", 1.0, 30), ("b", 5.0, 10)]
    ]

    merged = correct.aggregation.average(updates, 1)

    assert (merged.weights.tolist(), merged.bias) == ([2.0], 2.0)


def test_the_mistaken_version_does_not_run(client: Client, store: Store[Any]) -> None:
    with pytest.raises((AttributeError, TypeError)):
        mistaken.run(client, store)


@shows(APP, "server", "if self.monitor.verdict() is True:")
def test_training_never_stops(store: Store[Any]) -> None:
    def rounds(version: Any) -> int:
        server = server_of(version, store)
        server.round = lambda _: server.monitor.losses.append(0.5)
        server.run(10)
        return len(server.monitor.losses)

    assert rounds(correct) == 3
    assert rounds(mistaken) == 10


@shows(APP, "server", "samples = sum(it.n_samples for it in updates)")
def test_updates_have_no_such_attribute(store: Store[Any]) -> None:
    def round_of(version: Any) -> Any:
        parameters = version.model.Parameters(np.ones(3))
        update = store.proxy(version.training.Update("a", parameters, 5, 0.1))
        client = SimpleNamespace(submit=lambda *_, **__: None, gather=lambda _: [update])
        server = server_of(version, store, client)
        server.round(1)
        return server.parameters.weights.tolist()

    assert round_of(correct) == [1.0, 1.0, 1.0]
    with pytest.raises(AttributeError, match="'Update' object has no attribute 'n_samples'"):
        round_of(mistaken)


@shows(APP, "server", "size = self.parameters.wieghts.size")
def test_parameters_have_no_such_attribute(
    store: Store[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def log(version: Any) -> None:
        update = version.training.Update("a", version.model.Parameters(np.ones(3)), 5, 0.1)
        server_of(version, store).log_drift({"a": store.proxy(update)})

    log(correct)
    assert "a moved by 1.732 from 3 weights" in caplog.messages
    with pytest.raises(AttributeError, match="wieghts"):
        log(mistaken)


@shows(APP, "server", "return self.parameters().distance(self.previous)")
def test_a_proxy_is_not_called_for_its_target(store: Store[Any]) -> None:
    def movement(version: Any) -> float:
        server = server_of(version, store)
        server.advance(version.model.Parameters(np.ones(3), 1.0))
        return float(server.movement())

    assert movement(correct) == 2.0
    with pytest.raises(TypeError, match="'Parameters' object is not callable"):
        movement(mistaken)


@shows(APP, "aggregation", "return {it.site: it for it in updates if type(it) is Update}")
def test_every_update_is_dropped(store: Store[Any]) -> None:
    def sites(version: Any) -> list[str]:
        updates = [store.proxy(version.training.Update(it, None, 1, 0.1)) for it in "ab"]
        return list(version.aggregation.by_site(updates))

    assert sites(correct) == ["a", "b"]
    assert sites(mistaken) == []


@shows(APP, "training", "training, validation = shard.split(0.8, plan.seed)")
def test_split_takes_no_seed(client: Client, store: Store[Any]) -> None:
    def train(version: Any) -> Any:
        server = server_of(version, store)
        arguments = (server.parameters, server.shards[0], server.plan, store.config())
        return client.submit(version.training.train, *arguments).result()

    update = train(correct)
    assert update.samples == 16
    store.evict(get_key(update))
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        train(mistaken)


@shows(APP, "training", "accuracy = parameters.accuracy(validation.features)")
def test_accuracy_needs_labels(client: Client, store: Store[Any]) -> None:
    assert 0.0 <= server_of(correct, store, client).accuracy() <= 1.0
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'labels'"):
        server_of(mistaken, store, client).accuracy()


@shows(APP, "training", "return describe(shard.site, positives)")
def test_a_count_is_no_text(client: Client, store: Store[Any]) -> None:
    assert server_of(correct, store, client).summaries()[0] == "site-0  9/20 positive"
    with pytest.raises(TypeError, match="can only concatenate str"):
        server_of(mistaken, store, client).summaries()


@shows(APP, "report", "return [it.strip() for it in io.StringIO(card)]")
def test_a_card_is_no_text_for_a_stream() -> None:
    server = SimpleNamespace(monitor=SimpleNamespace(losses=[0.5]))

    assert correct.report.card_lines(server)[1:] == ["rounds: 1", "loss: 0.500"]
    with pytest.raises(TypeError, match="initial_value must be str or None, not Proxy"):
        mistaken.report.card_lines(server)


@shows(APP, "report", 'return json.dumps({"format": 1, "state": checkpoint})')
def test_a_checkpoint_cannot_be_encoded(store: Store[Any]) -> None:
    checkpoint = checkpoint_of(store)

    assert json.loads(correct.report.to_json(checkpoint))["weights"] == [1.0, 1.0]
    with pytest.raises(TypeError, match="Object of type dict is not JSON serializable"):
        mistaken.report.to_json(checkpoint)


@shows(APP, "report", 'return "no best yet" if best is None else "best found"')
def test_a_best_is_found_where_there_is_none() -> None:
    assert correct.report.has_best(correct.monitor.Monitor()) == "no best yet"
    assert mistaken.report.has_best(mistaken.monitor.Monitor()) == "best found"


@shows(APP, "report", 'return checkpoint["loss"][-count:]')
def test_a_checkpoint_has_no_such_key(store: Store[Any]) -> None:
    checkpoint = checkpoint_of(store)

    assert correct.report.last_rounds(checkpoint, 2) == [0.7, 0.6]
    with pytest.raises(KeyError, match="loss"):
        mistaken.report.last_rounds(checkpoint, 2)


@shows(APP, "report", 'version: str = checkpoint["version"]')
def test_a_version_is_no_text(store: Store[Any]) -> None:
    checkpoint = checkpoint_of(store)

    assert correct.report.name_of(checkpoint) == "model-3"
    with pytest.raises(TypeError, match="can only concatenate str"):
        mistaken.report.name_of(checkpoint)


@shows(APP, "report", "return [abs(it - origin) for it in history]")
def test_parameters_cannot_be_subtracted(store: Store[Any]) -> None:
    def norms(version: Any) -> list[float]:
        history: list[Proxy[Any]] = [store.proxy(version.model.Parameters(np.ones(4)))]
        return list(version.report.norms(history))

    assert norms(correct) == [2.0]
    with pytest.raises(TypeError, match="unsupported operand type"):
        norms(mistaken)
