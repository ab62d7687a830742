"""What ``proxystore.ex`` is to ProxyStore: plugins for other packages."""
