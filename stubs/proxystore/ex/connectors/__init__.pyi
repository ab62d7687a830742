from proxystore_ex.connectors import *
