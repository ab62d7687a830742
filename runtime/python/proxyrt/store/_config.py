"""The short form of a store's configuration, which every pickled proxy of the store carries."""

from __future__ import annotations

import pickle
from typing import Any

from proxyrt._proxyrt import StoreFactory
from proxyrt.store.config import ConnectorConfig, StoreConfig
from proxyrt.store.types import ConnectorKeyT, DeserializerT

_FILE = "proxyrt.connectors.file.FileConnector"
_LOCAL = "proxyrt.connectors.local.LocalConnector"
_SHM = "proxyrt.connectors.shm.SharedMemoryConnector"
_OURS = "proxyrt.connectors."

_PLAIN = (str, bytes, int, float, bool, type(None))

UNPACKED: dict[bytes, StoreConfig] = {}
"""The configurations that :func:`unpack` has made."""

_MOST_UNPACKED = 1000


def pack(config: StoreConfig) -> bytes | None:
    """Return the short form of a configuration, or None if it is not made of constants.

    The usual configurations are one of ``_USUAL`` and a text. The lowest three bits of the first
    byte say how to read the form:

    0. The pickled arguments follow.
    1. The index in ``_USUAL`` is in the other bits of the byte, and the text follows.
    2. and more: The index plus 2. With the other bits, it is a little-endian number, the digits of
       which are the text. A character takes 5.3 bits then instead of eight.
    """
    connector = config.connector
    functions = config.serializer, config.deserializer
    if functions != (None, None) or not all(map(_is_plain, connector.options.values())):
        return None
    usual = _usual_text(config)
    if usual is not None:
        index, text = usual
        number = _text_to_number(text)
        if number is not None:
            number = number << 3 | index + 2
            return number.to_bytes((number.bit_length() + 7) // 8, "little")
        return bytes([index << 3 | 1]) + text.encode("utf-8", "surrogatepass")
    # A leading dot is short for the package of our own connectors.
    kind = connector.kind
    if kind.startswith(_OURS):
        kind = "." + kind.removeprefix(_OURS)
    _, (_, _, *rest) = config.__reduce__()
    return b"\0" + pickle.dumps((config.name, kind, connector.options, *rest), 5)


def unpack(packed: bytes) -> StoreConfig:
    """Return the configuration of its short form.

    Raises:
        ValueError: If there is no such form.
    """
    form = packed[0] & 7 if packed else 0
    if packed[:1] == b"\0":
        name, path, options, *more = pickle.loads(packed[1:])
        path = _OURS + path[1:] if path.startswith(".") else path
        config = StoreConfig(name, ConnectorConfig(path, options), *more)
    elif form == 1 and packed[0] >> 3 < len(_USUAL):
        config = _usual_config(packed[0] >> 3, packed[1:].decode("utf-8", "surrogatepass"))
    elif form > 1:
        number = int.from_bytes(packed, "little") >> 3
        config = _usual_config(form - 2, _number_to_text(number))
    else:
        raise ValueError("not the configuration of a store of this version of proxyrt")
    if len(UNPACKED) >= _MOST_UNPACKED:
        UNPACKED.clear()
    UNPACKED[packed] = config
    return config


_USUAL = [(kind, register) for kind in (_SHM, _LOCAL, _FILE) for register in (False, True)]
"""The class of the connector, and whether the store registers itself; the index is in pickles."""


def _usual_text(config: StoreConfig) -> tuple[int, str] | None:
    """Return the index in ``_USUAL`` of a configuration, and what it does not tell."""
    kind, register = config.connector.kind, config.auto_register
    if (kind, register) not in _USUAL:
        return None
    text = config.name
    if kind == _SHM:
        space = config.connector.options.get("namespace")
        text += "" if space == config.name else f"\0{space}"
    elif kind == _FILE:
        folder = str(config.connector.options.get("store_dir"))
        # An absolute folder needs nothing before it.
        absolute = folder.startswith("/") and "/" not in config.name
        text += folder if absolute else f"\0{folder}"
    index = _USUAL.index((kind, register))
    return (index, text) if _usual_config(index, text) == config else None


def _usual_config(index: int, text: str) -> StoreConfig:
    kind, register = _USUAL[index]
    name, zero, place = text.partition("\0")
    options: dict[str, Any]
    if kind == _SHM:
        options = {"namespace": place if zero else name}
    elif kind == _LOCAL:
        options = {"include_data_in_config": False}
    else:
        if not zero:
            name, slash, place = text.partition("/")
            place = slash + place
        options = {
            "store_dir": place,
            "clear": True,
            "buffering": -1,
            "durable": False,
            "checksum": False,
        }
    return StoreConfig(name, ConnectorConfig(kind, options), auto_register=register)


_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789/_-."


def _text_to_number(text: str) -> int | None:
    """Return the number whose digits, from 1 to 40, are the characters of a text.

    None if there is a character that is no digit. As no digit is 0, different texts are different
    numbers.
    """
    number = 0
    for character in reversed(text):
        digit = _DIGITS.find(character) + 1
        if not digit:
            return None
        number = number * len(_DIGITS) + digit
    return number


def _number_to_text(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number - 1, len(_DIGITS))
        text += _DIGITS[digit]
    return text


def _is_plain(value: object) -> bool:
    """Tell whether a value stays as it is, and every pickler pickles it alike."""
    if type(value) is tuple:
        return all(map(_is_plain, value))
    return type(value) in _PLAIN


def restore_factory(
    cls: type[StoreFactory[Any, Any]],
    key: ConnectorKeyT,
    config: StoreConfig,
    evict: bool,
    deserializer: DeserializerT | None,
) -> StoreFactory[Any, Any]:
    """Make a factory of its long pickled form."""
    return cls(key, config, evict=evict, deserializer=deserializer)
