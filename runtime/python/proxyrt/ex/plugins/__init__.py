"""Plugins for other packages.

* :mod:`proxyrt.ex.plugins.distributed`: a client of Dask that passes large objects by proxy.
"""
