from proxystore_ex.connectors.daos import *
