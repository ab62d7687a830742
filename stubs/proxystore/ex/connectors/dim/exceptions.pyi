from proxystore_ex.connectors.dim.exceptions import *
