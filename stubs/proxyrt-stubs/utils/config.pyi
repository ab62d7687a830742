from proxystore.utils.config import (
    BaseModelT as BaseModelT,
    dump as dump,
    dumps as dumps,
    load as load,
    loads as loads,
)
