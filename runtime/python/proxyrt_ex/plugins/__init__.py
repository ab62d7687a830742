"""The names of ``proxystore_ex.plugins``."""
