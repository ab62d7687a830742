from collections.abc import Iterable

from proxystore.connectors.multi import (
    BytesLike as BytesLike,
    Connector as Connector,
    ConnectorPolicyConfig as ConnectorPolicyConfig,
    KeyT as KeyT,
    MultiConnector as _MultiConnector,
    MultiConnectorError as MultiConnectorError,
    MultiKey as MultiKey,
    Policy as Policy,
    PolicyDict as PolicyDict,
    get_object_path as get_object_path,
    import_from_path as import_from_path,
    logger as logger,
    utils as utils,
)

class MultiConnector(_MultiConnector):
    def new_key(
        self,
        obj: BytesLike | None = None,
        subset_tags: Iterable[str] = (),
        superset_tags: Iterable[str] = (),
    ) -> MultiKey: ...
    def set(self, key: MultiKey, obj: BytesLike) -> None: ...
