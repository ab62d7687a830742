"""Where serialized objects are kept.

* :mod:`proxyrt.connectors.shm`: shared memory of one machine; needs no server.
* :mod:`proxyrt.connectors.file`: files, for instance on a shared file system.
* :mod:`proxyrt.connectors.redis`: a Redis or Valkey server.
* :mod:`proxyrt.connectors.multi`: several connectors, chosen by policies.
* :mod:`proxyrt.connectors.local`: the memory of this process.

Every connector of ProxyStore works in a store, too: see :mod:`proxyrt.connectors.protocols`.
"""
