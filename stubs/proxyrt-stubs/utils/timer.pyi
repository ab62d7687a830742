from proxystore.utils.timer import Timer as Timer
