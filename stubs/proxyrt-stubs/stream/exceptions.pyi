from proxystore.stream.exceptions import TopicClosedError as TopicClosedError
