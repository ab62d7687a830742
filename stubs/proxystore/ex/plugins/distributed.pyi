from proxystore_ex.plugins.distributed import *
