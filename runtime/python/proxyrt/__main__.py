"""``python -m proxyrt`` is the command ``proxyrt``."""

import sys

from proxyrt._cli import main

sys.exit(main())
