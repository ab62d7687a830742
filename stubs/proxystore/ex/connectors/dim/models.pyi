from proxystore_ex.connectors.dim.models import *
