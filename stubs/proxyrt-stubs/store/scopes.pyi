from proxystore.store.scopes import (
    Callable as Callable,
    FutureT as FutureT,
    FutureWithCallback as FutureWithCallback,
    P as P,
    RefMutProxy as RefMutProxy,
    RefProxy as RefProxy,
    mark_refs_out_of_scope as mark_refs_out_of_scope,
    submit as submit,
)
