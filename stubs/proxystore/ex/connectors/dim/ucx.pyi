from proxystore_ex.connectors.dim.ucx import *
