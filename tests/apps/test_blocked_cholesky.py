"""Blocked Cholesky: the correct version factorizes, the mistaken one shows each mistake."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from apps import shows, versions
from distributed import Client
from proxystore.store import Store
from proxystore.store.utils import get_key

APP = "blocked_cholesky"
correct, mistaken = versions(APP)

MATRIX = np.array([[4.0, 1.0, 0.0, 0.0], [1.0, 4.0, 0.0, 0.0], [0.0, 0.0, 4.0, 1.0], [0, 0, 1, 4]])


def tile_of(version: Any, store: Store[Any]) -> Any:
    return store.proxy(version.tiles.Tile(1, 0, np.array([[3.0, 0.0], [0.0, 4.0]])))


def matrix_of(version: Any, store: Store[Any]) -> Any:
    return version.matrix.TiledMatrix.from_dense(MATRIX, 2, store)


def archive_of(version: Any, store: Store[Any], matrix: Any = MATRIX) -> Any:
    return version.matrix.Archive(store.owned_proxy(version.matrix.pack(matrix, 2)))


def factorization_of(version: Any, store: Store[Any], client: Any = None) -> Any:
    return version.factorization.Factorization(client, store, matrix_of(version, store))


def test_the_factor_is_that_of_numpy(client: Client, store: Store[Any], objects: Path) -> None:
    result = correct.run(client, store)

    np.testing.assert_allclose(result["factor"], np.linalg.cholesky(result["matrix"]))
    assert result["residual"] < 1e-14
    assert result["zeros"] == 6
    assert len(result["corners"]) == 6
    assert list(objects.iterdir()) == []


def test_the_mistaken_version_does_not_run(client: Client, store: Store[Any]) -> None:
    with pytest.raises((AttributeError, TypeError)):
        mistaken.run(client, store)


def test_rows_and_columns(store: Store[Any]) -> None:
    tile = store.proxy(correct.tiles.Tile(0, 0, np.array([[1.0, 2.0], [3.0, 4.0]])))

    assert correct.report.rows_of(tile) == [[1.0, 2.0], [3.0, 4.0]]
    assert correct.report.columns_of(tile) == [[1.0, 3.0], [2.0, 4.0]]


@shows(APP, "tasks", "return publish(kernels.trsm(factor.values, panel), config)")
def test_a_kernel_takes_tiles(client: Client, store: Store[Any]) -> None:
    def solve(version: Any) -> Any:
        arguments = (tile_of(version, store), tile_of(version, store), store.config())
        return client.submit(version.tasks.solve_panel, *arguments).result()

    solved = solve(correct)
    assert solved.values.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    store.evict(get_key(solved))
    with pytest.raises(AttributeError, match="'numpy.ndarray' object has no attribute 'values'"):
        solve(mistaken)


@shows(APP, "tasks", "row, column = tile.position[1], tile.position[2]")
def test_positions_count_from_zero(client: Client, store: Store[Any]) -> None:
    def describe(version: Any) -> Any:
        return client.submit(version.tasks.describe, tile_of(version, store)).result()

    assert describe(correct) == "L[1, 0] norm 5.000"
    with pytest.raises(IndexError, match="tuple index out of range"):
        describe(mistaken)


@shows(APP, "matrix", "dense[rows, columns] = tile.data")
def test_a_tile_has_no_such_attribute(store: Store[Any]) -> None:
    assert matrix_of(correct, store).to_dense().tolist() == MATRIX.tolist()
    with pytest.raises(AttributeError, match="'Tile' object has no attribute 'data'"):
        matrix_of(mistaken, store).to_dense()


@shows(APP, "matrix", "return sum(type(it) == ZeroTile for it in tiles)")
def test_no_tile_seems_to_be_zero(store: Store[Any]) -> None:
    assert matrix_of(correct, store).zeros() == 1
    assert matrix_of(mistaken, store).zeros() == 0


@shows(APP, "matrix", 'size, tile_size = struct.unpack_from("<II", self.content)')
def test_a_header_cannot_be_unpacked(store: Store[Any]) -> None:
    assert archive_of(correct, store).sizes() == (4, 2)
    with pytest.raises(TypeError, match="a bytes-like object is required, not 'OwnedProxy'"):
        archive_of(mistaken, store).sizes()


@shows(APP, "matrix", "return hashlib.sha256(self.content).hexdigest()")
def test_a_proxy_cannot_be_hashed(store: Store[Any]) -> None:
    archive = archive_of(correct, store)

    assert archive.checksum() == hashlib.sha256(correct.matrix.pack(MATRIX, 2)).hexdigest()
    with pytest.raises(TypeError, match="buffer API required"):
        archive_of(mistaken, store).checksum()


@shows(APP, "matrix", "return np.load(io.BytesIO(self.body()))")
def test_a_lazy_slice_is_no_buffer(store: Store[Any]) -> None:
    assert archive_of(correct, store).matrix().tolist() == MATRIX.tolist()
    with pytest.raises(TypeError, match="a bytes-like object is required, not 'Proxy'"):
        archive_of(mistaken, store).matrix()


@shows(APP, "matrix", "if self.triangle() is Triangle.FULL:")
def test_a_full_matrix_is_doubled(store: Store[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistaken.matrix.Archive, "matrix", lambda _: MATRIX)

    assert archive_of(correct, store).symmetric().tolist() == MATRIX.tolist()
    assert archive_of(mistaken, store).symmetric()[0, 1] == 2 * MATRIX[0, 1]


@shows(APP, "factorization", "self.largest = tile.norm()")
def test_a_norm_is_no_tile(store: Store[Any]) -> None:
    def consider(version: Any) -> Any:
        statistics = version.factorization.Statistics()
        statistics.consider(tile_of(version, store))
        statistics.consider(tile_of(version, store))
        return statistics.largest.position

    assert consider(correct) == (1, 0)
    with pytest.raises(AttributeError, match="'float' object has no attribute 'norm'"):
        consider(mistaken)


@shows(APP, "report", "return [it[0, 0] for it in tiles]")
def test_a_tile_has_no_elements(store: Store[Any]) -> None:
    assert correct.report.corners(matrix_of(correct, store)) == [4.0, 4.0]
    with pytest.raises(TypeError, match="'Tile' object is not subscriptable"):
        mistaken.report.corners(matrix_of(mistaken, store))


@shows(APP, "report", "return [list(row) for row in tile]")
def test_a_tile_has_no_rows(store: Store[Any]) -> None:
    assert correct.report.rows_of(tile_of(correct, store))[0] == [3.0, 0.0]
    with pytest.raises(TypeError, match="'Tile' object is not iterable"):
        mistaken.report.rows_of(tile_of(mistaken, store))


@shows(APP, "report", "transposed = tile.transposed(copy=True)")
def test_transposing_takes_no_such_argument(store: Store[Any]) -> None:
    assert correct.report.columns_of(tile_of(correct, store))[1] == [0.0, 4.0]
    with pytest.raises(TypeError, match="unexpected keyword argument 'copy'"):
        mistaken.report.columns_of(tile_of(mistaken, store))


@shows(APP, "report", "return tile.condition_number()")
def test_a_tile_cannot_tell_its_condition(store: Store[Any]) -> None:
    assert correct.report.condition_of(tile_of(correct, store)) == pytest.approx(4 / 3)
    with pytest.raises(AttributeError, match="'Tile' object has no attribute 'condition_number'"):
        mistaken.report.condition_of(tile_of(mistaken, store))


@shows(APP, "report", "return largest.position")
def test_a_position_is_no_text(store: Store[Any]) -> None:
    def largest(version: Any) -> Any:
        factorization = factorization_of(version, store)
        factorization.statistics.largest = tile_of(version, store)
        return "largest: " + version.report.largest_position(factorization)

    assert largest(correct) == "largest: 1, 0"
    with pytest.raises(TypeError, match="can only concatenate str"):
        largest(mistaken)
