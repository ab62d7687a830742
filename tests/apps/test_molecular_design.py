"""Molecular design: the correct version finds the best molecule, the mistaken one shows each mistake."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from apps import shows, versions
from distributed import Client
from proxystore.proxy import Proxy
from proxystore.store import Store
from proxystore.store.lifetimes import ContextLifetime

APP = "molecular_design"
correct, mistaken = versions(APP)


def library_of(version: Any, store: Store[Any]) -> Any:
    names = [("ethanol", "CCO"), ("fluoromethane", "CF"), ("water", "O")]
    molecules = [version.chemistry.Molecule(*it) for it in names]
    return store.proxy(version.library.Library(molecules))


def ensemble_of(version: Any, store: Store[Any]) -> Any:
    ridge = version.surrogate.Ridge(np.zeros(version.chemistry.BITS), 0.5)
    return store.proxy(version.surrogate.Ensemble([ridge], 7))


def campaign_of(version: Any, store: Store[Any], client: Any = None) -> Any:
    settings = version.steering.Settings(size=3, batch=2, rounds=1)
    return version.steering.Campaign(client, store, settings, library_of(version, store))


def records_of(version: Any) -> Any:
    molecules = [version.chemistry.Molecule(it, "CO") for it in ("first", "second")]
    return [version.chemistry.Record(it, 1.0 + i, 1) for i, it in enumerate(molecules)]


def smiles_of(store: Store[Any]) -> list[Proxy[str]]:
    return [store.proxy("CCO"), store.proxy("CF")]


def test_the_best_molecule_is_found(
    client: Client, store: Store[Any], objects: Path, tmp_path: Path
) -> None:
    best, campaign = correct.run(client, store, tmp_path / "log")

    library = correct.library.enumerate_library(200)
    energies = [correct.chemistry.relax(it, 50).energy for it in library.molecules]
    assert best[0].energy == max(energies)
    assert len(campaign.records) == 32
    assert len((tmp_path / "log").read_text().splitlines()) == 4
    assert list(objects.iterdir()) == []


def test_the_mistaken_version_does_not_run(
    client: Client, store: Store[Any], tmp_path: Path
) -> None:
    with pytest.raises((AttributeError, TypeError)):
        mistaken.run(client, store, tmp_path / "log")


@shows(APP, "chemistry", "return left if left is right or left > right else right")
def test_records_have_no_order(store: Store[Any]) -> None:
    def better(version: Any) -> Any:
        return version.chemistry.better(*map(store.proxy, records_of(version)))

    assert better(correct).molecule.name == "second"
    with pytest.raises(TypeError, match="not supported between instances of 'Record' and 'Record'"):
        better(mistaken)


@shows(APP, "chemistry", 'atoms = re.findall("[CNOFS]", smiles)')
def test_a_proxy_cannot_be_matched(store: Store[Any]) -> None:
    assert correct.chemistry.formula(store.proxy("CCO")) == "C2O1"
    with pytest.raises(TypeError, match="expected string or bytes-like object, got 'Proxy'"):
        mistaken.chemistry.formula(store.proxy("CCO"))


@shows(APP, "diversity", "centre = fingerprints.mean(dim=0)")
def test_an_array_has_no_dimensions_by_that_name(store: Store[Any]) -> None:
    assert correct.diversity.diverse(campaign_of(correct, store).fingerprints, 2) == [0, 1]
    with pytest.raises(TypeError, match="unexpected keyword argument 'dim'"):
        mistaken.diversity.diverse(campaign_of(mistaken, store).fingerprints, 2)


@shows(APP, "surrogate", "return [it.offset for it in model]")
def test_an_ensemble_is_not_iterable(store: Store[Any]) -> None:
    assert correct.surrogate.offsets(ensemble_of(correct, store)) == [0.5]
    with pytest.raises(TypeError, match="'Ensemble' object is not iterable"):
        mistaken.surrogate.offsets(ensemble_of(mistaken, store))


@shows(APP, "surrogate", "return model.trained_on")
def test_a_number_is_no_name(store: Store[Any]) -> None:
    assert "trained " + correct.surrogate.name_of(ensemble_of(correct, store)) == (
        "trained ensemble-7"
    )
    with pytest.raises(TypeError, match="can only concatenate str"):
        "trained " + mistaken.surrogate.name_of(ensemble_of(mistaken, store))


@shows(APP, "tasks", "mean, deviation = ensemble.predict()")
def test_predicting_needs_fingerprints(client: Client, store: Store[Any]) -> None:
    def score(version: Any) -> Any:
        fingerprints = campaign_of(version, store).fingerprints
        arguments = (ensemble_of(version, store), fingerprints, 1.0)
        return client.submit(version.tasks.score, *arguments).result()

    assert score(correct).tolist() == [0.5, 0.5, 0.5]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        score(mistaken)


@shows(APP, "steering", 'logger.info("%d molecules", library.size)')
def test_a_library_has_no_such_attribute(
    store: Store[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    correct.steering.build_library(store, correct.steering.Settings(size=3))
    assert "3 molecules" in caplog.messages
    with pytest.raises(AttributeError, match="'Library' object has no attribute 'size'"):
        mistaken.steering.build_library(store, mistaken.steering.Settings(size=3))


@shows(APP, "steering", "library, config = await self.library, self.store.config()")
def test_a_library_is_not_awaited(client: Client, store: Store[Any]) -> None:
    def simulate(version: Any) -> Any:
        return asyncio.run(campaign_of(version, store, client).simulate([1]))

    assert [it.molecule.name for it in simulate(correct)] == ["fluoromethane"]
    # A library has elements, so `await` takes it for an iterator.
    with pytest.raises(RuntimeError, match="Task got bad yield"):
        simulate(mistaken)


@shows(APP, "steering", "with records:")
def test_records_are_no_context(client: Client, store: Store[Any]) -> None:
    def retrain(version: Any) -> Any:
        campaign = campaign_of(version, store, client)
        campaign.records = records_of(version)
        with ContextLifetime(store) as lifetime:
            return campaign.retrain(lifetime).trained_on

    assert retrain(correct) == 2
    with pytest.raises((AttributeError, TypeError), match="__enter__"):
        retrain(mistaken)


@shows(APP, "steering", "with journal() as log:")
def test_a_journal_is_not_called(store: Store[Any], tmp_path: Path) -> None:
    def run(version: Any) -> Any:
        campaign = campaign_of(version, store)

        async def simulate(indices: list[int]) -> list[int]:
            campaign.records.extend(records_of(version))
            return indices

        campaign.simulate, campaign.choose = simulate, lambda: [0, 1]
        campaign.run(version.journal.journal_at(tmp_path / "log"))

    with pytest.raises(TypeError, match="'Journal' object is not callable"):
        run(mistaken)
    run(correct)
    assert (tmp_path / "log").read_text() == "round 0: 2 simulated, 1.00 to 2.00\n"


@shows(APP, "report", 'return ", ".join(library.name()[:count])')
def test_a_library_has_no_such_method(store: Store[Any]) -> None:
    assert correct.report.names_line(library_of(correct, store), 2) == "ethanol, fluoromethane"
    with pytest.raises(AttributeError, match="'Library' object has no attribute 'name'"):
        mistaken.report.names_line(library_of(mistaken, store), 2)


@shows(APP, "report", 'return ".".join(smiles)')
def test_proxies_cannot_be_joined(store: Store[Any]) -> None:
    assert correct.report.smiles_line(smiles_of(store)) == "CCO.CF"
    with pytest.raises(TypeError, match="expected str instance, Proxy found"):
        mistaken.report.smiles_line(smiles_of(store))


@shows(APP, "report", "texts = [it for it in smiles if type(it) in (str, bytes)]")
def test_no_smiles_seem_to_be_text(store: Store[Any]) -> None:
    assert correct.report.width(smiles_of(store)) == 3
    assert mistaken.report.width(smiles_of(store)) == 0


@shows(APP, "report", "if record is None:")
@shows(APP, "report", "return record.molecule.name")
def test_there_seems_to_be_an_incumbent(store: Store[Any]) -> None:
    assert correct.report.incumbent(campaign_of(correct, store)) == "nothing yet"
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'molecule'"):
        mistaken.report.incumbent(campaign_of(mistaken, store))


@shows(APP, "report", 'return padded(count) + " with fluorine"')
def test_a_count_is_no_text(store: Store[Any]) -> None:
    assert correct.report.elements(library_of(correct, store)) == "   1 with fluorine"
    with pytest.raises(AttributeError, match="'int' object has no attribute 'rjust'"):
        mistaken.report.elements(library_of(mistaken, store))


@shows(APP, "report", "return window[2] - window[1]")
def test_a_window_has_two_ends() -> None:
    assert correct.report.gap(Proxy(lambda: (1.0, 3.5))) == 2.5
    with pytest.raises(IndexError, match="tuple index out of range"):
        mistaken.report.gap(Proxy(lambda: (1.0, 3.5)))


@shows(APP, "report", "window = round(campaign.window(), 2)")
def test_a_window_cannot_be_rounded(store: Store[Any]) -> None:
    def report(version: Any) -> Any:
        campaign = campaign_of(version, store)
        campaign.records = records_of(version)
        return json.loads(version.report.to_json(campaign))

    assert report(correct) == {"window": [1.0, 2.0], "best": "second"}
    with pytest.raises(TypeError, match="__round__"):
        report(mistaken)
