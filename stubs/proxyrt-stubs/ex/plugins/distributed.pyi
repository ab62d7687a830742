from proxystore_ex.plugins.distributed import Client as Client
