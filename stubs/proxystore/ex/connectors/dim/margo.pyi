from proxystore_ex.connectors.dim.margo import *
