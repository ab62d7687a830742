"""``python -m proxyrt`` is the command ``proxyrt``."""

import sys

from proxyrt._cli import main

if __name__ == "__main__":
    sys.exit(main())
