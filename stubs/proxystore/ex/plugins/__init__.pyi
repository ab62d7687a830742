from proxystore_ex.plugins import *
