from proxystore_ex.connectors.dim.zmq import *
