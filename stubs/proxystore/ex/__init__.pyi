from proxystore_ex import *
from proxystore_ex import __version__ as __version__
