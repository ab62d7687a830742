from proxyrt.ex.plugins.distributed import Client as Client
