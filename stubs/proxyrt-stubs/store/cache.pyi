from proxystore.store.cache import KeyT as KeyT, LRUCache as LRUCache, ValueT as ValueT
