from proxystore_ex.connectors.dim import *
