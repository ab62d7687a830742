"""The names of ``proxystore_ex``; what they stand for is in :mod:`proxyrt.ex`."""
