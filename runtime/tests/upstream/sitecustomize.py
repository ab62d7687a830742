"""Puts modules of proxyrt in the place of ProxyStore's in every process that the tests start."""

import alias_plugin  # noqa: F401
