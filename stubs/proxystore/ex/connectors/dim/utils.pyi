from proxystore_ex.connectors.dim.utils import *
