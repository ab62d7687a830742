from proxystore.utils.counter import AtomicCounter as AtomicCounter
