"""Descriptions of stores; the same names as in ``proxystore.store.config``."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from typing_extensions import Self

from proxyrt._imports import import_from_path
from proxyrt.store.types import DeserializerT, SerializerT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KNOWN_CONNECTORS = (
    "proxyrt.connectors.file.FileConnector",
    "proxyrt.connectors.local.LocalConnector",
    "proxyrt.connectors.multi.MultiConnector",
    "proxyrt.connectors.redis.RedisConnector",
    "proxyrt.connectors.shm.SharedMemoryConnector",
    "proxystore.connectors.endpoint.EndpointConnector",
    "proxystore.connectors.globus.GlobusConnector",
)


@functools.cache
def _defaults(cls: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a dataclass with their defaults."""
    return tuple((item.name, item.default) for item in fields(cls))


class _Model:
    """What configurations have in common with ProxyStore's models."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Every pickled proxy carries a configuration: what is the default is left out.
        defaults = _defaults(type(self))  # type: ignore[arg-type]  # a class has a hash
        arguments = [getattr(self, name) for name, _ in defaults]
        while arguments and arguments[-1] == defaults[len(arguments) - 1][1]:
            arguments.pop()
        return type(self), tuple(arguments)

    @classmethod
    def model_validate(cls, values: dict[str, Any]) -> Self:
        """Make a configuration of a dictionary.

        Raises:
            ValueError: If there is an unknown key, or one is missing.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"not a {cls.__name__}: {error}") from None

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """Return the configuration as a dictionary."""
        values: dict[str, Any] = {}
        for item in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, item.name)
            if not (exclude_none and value is None):
                values[item.name] = value.model_dump() if isinstance(value, _Model) else value
        return values


@dataclass
class ConnectorConfig(_Model):
    """How to make a connector.

    Attributes:
        kind: The name of its class with the module, or a short name of a known one: ``"shm"``,
            ``"file"``, ``"FileConnector"``, ``"redis"``.
        options: The arguments.
    """

    kind: str
    options: dict[str, Any] = field(default_factory=dict)

    def get_connector_type(self) -> type[Any]:
        """Return the class.

        Raises:
            ValueError: If there is no such class.
        """
        try:
            found: type[Any] = import_from_path(self.kind)
            return found
        except ImportError as error:
            wanted = {"shm": "sharedmemory"}.get(self.kind.lower(), self.kind.lower())
            for path in _KNOWN_CONNECTORS:
                name = path.rpartition(".")[2].lower()
                if wanted in (name, name.removesuffix("connector")):
                    known: type[Any] = import_from_path(path)
                    return known
            raise ValueError(f'Unknown connector type "{self.kind}".') from error

    def get_connector(self) -> Any:
        """Make the connector."""
        return self.get_connector_type().from_config(self.options)


@dataclass
class StoreConfig(_Model):
    """How to make a store. See :class:`~proxyrt.store.base.Store` for the attributes."""

    name: str
    connector: ConnectorConfig
    serializer: SerializerT | None = None
    deserializer: DeserializerT | None = None
    cache_size: int = 16
    metrics: bool = False
    populate_target: bool = True
    auto_register: bool = False
    allow_pickle: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.connector, dict):
            self.connector = ConnectorConfig.model_validate(self.connector)

    @classmethod
    def from_toml(cls, filepath: str | Path) -> Self:
        """Read a configuration from a TOML file.

        Raises:
            ValueError: If the file is no configuration.
        """
        return cls.model_validate(tomllib.loads(Path(filepath).read_text("utf-8")))

    def write_toml(self, filepath: str | Path) -> None:
        """Write the configuration to a TOML file, and create its folder if need be.

        Needs the package ``tomli-w``. Functions cannot be written.
        """
        import tomli_w  # noqa: PLC0415  # optional

        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tomli_w.dumps(self.model_dump(exclude_none=True)), "utf-8")
