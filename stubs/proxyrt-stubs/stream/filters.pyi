from proxystore.stream.filters import NullFilter as NullFilter, SamplingFilter as SamplingFilter
