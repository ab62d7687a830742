//! Other names of the proxy types, and types built from them.

use super::check;

#[test]
fn another_name_is_class_and_type() {
    check(
        "P2 = Proxy\nx: «P2_|Proxy»[int]"
            .replace("P2_", "P2")
            .as_str(),
    );
    check("MyProxy = Proxy\nx: «MyProxy|Proxy»[int]\nisinstance(x, MyProxy)\np = MyProxy[int](f)");
    check("MyProxy: TypeAlias = Proxy\nx: «MyProxy|Proxy»[int]");
    check("MyProxy: typing.TypeAlias = OwnedProxy\nx: «MyProxy|OwnedProxy»");
    check("First = Proxy\nSecond = First\nx: «Second|Proxy»[int]");
    check("First = Second = Proxy\nx: «Second|Proxy»[«First|Proxy»[int]]");
    check("def f():\n    Local = Proxy\n    x: «Local|Proxy»[int]\nx: Local[int]");
    check("x: '«Later|Proxy»[int]'\nLater = Proxy");
    check(
        "class C:\n    Inner = Proxy\n    x: «Inner|Proxy»[int]\n    def f(self): x: Inner[int]\nx: C.Inner[int]",
    );
}

#[test]
fn an_alias_with_only_a_type_variable_is_another_name() {
    check("T = TypeVar('T')\nMyProxy = Proxy[T]\nx: «MyProxy|Proxy»[int]\np = MyProxy(f)");
    check("from x import ConnectorT\nMyProxy = Proxy[ConnectorT]\nx: «MyProxy|Proxy»[int]");
    check("T = TypeVar('T')\nMaybe: TypeAlias = ProxyOr[T]\nx: «Maybe|ProxyOr»[int]");
    check("class C[T]:\n    Mine = Proxy[T]\n    x: «Mine|Proxy»[int]");
}

#[test]
fn types_built_from_a_proxy_type() {
    check("A = «Proxy»[int]\nx: A");
    check("A = «Proxy»[int] | None\ndef f(x: A) -> 'A': ...");
    check("A = Optional[«Proxy»[int]]");
    check("A = Union[«Proxy», int]");
    check("A = dict[str, «Proxy»[int]]\nx = A()");
    check("A = Callable[[«Proxy»], int]");
    check("A = Annotated[«Proxy»[int], Proxy]");
    check("A: TypeAlias = «Proxy»[int]\nx: A");
    check("A: TypeAlias = '«Proxy»[int]'");
    check("A: TypeAlias = 'list[«Proxy»]'");
    check("A: TypeAlias = list[«Proxy»[int]]");
    check("A: TypeAlias = «Proxy» | None");
    check("A = «Proxy»[int] if TYPE_CHECKING else object");
    check("A = B = Proxy[int]");
    check("self.a = Proxy[int]");
    check("A, B = Proxy[int], Proxy[str]");
    check("A: type = Proxy[int]");
    check("def f():\n    A = «Proxy»[int]\n    x: A");
}

#[test]
fn an_alias_that_is_used_as_a_class_stays_one() {
    check("A = Proxy[int]\nx: A\np = A(f)");
    check("def f(x: A): return A\nA = Proxy[int]");
    check("A = Proxy[list[«Proxy»[int]]]\nclass C(A): ...");
    check("A = Proxy[int]\nisinstance(x, A)");
    check("A = Proxy[int]\nA.mro()");
    check("class C:\n    A = Proxy[int]\n    def f(self): return self.A(g)");
    check("A = Proxy[int]\nB = «Proxy»[str]\nx: B = A(f)");
    check("A = «Proxy»[int]\nx: type[A]\ny: list[A] = list[A]()");
}

#[test]
fn a_generic_alias_stays_the_class() {
    check("T = TypeVar('T')\nA = Proxy[list[T]]\nx: A[int]");
    check("from x import _T_co\nA = Proxy[list[_T_co]]\nx: A[int]");
    check("T = TypeVar('T')\nA: TypeAlias = Proxy[list['T']]");
    check("T = TypeVar('T')\nA = list[«Proxy»[T]]\nx: A[int]");
    check("T = TypeVar('T')\nA = Union[T, «Proxy»[T]]\nx: A[int]");
    check("from numpy import ndarray\nA = «Proxy»[ndarray]\nB = «Proxy»[np.ndarray]");
    check("from x import Thing\nA = Proxy[Thing]\nx: A[int]");
    check("type A[T] = «Proxy»[list[T]]\nx: A[int]");
}

#[test]
fn a_name_that_is_bound_again_is_left_alone() {
    check("Proxy = 3\nx: Proxy[int]");
    check("class Proxy: ...\nx: Proxy[int]");
    check("def Proxy(): ...\nx: Proxy[int]");
    check("def f(Proxy, x: «Proxy»[int]):\n    y: Proxy[int]\nx: «Proxy»[int]");
    check("def f():\n    Proxy = 3\n    x: Proxy[int]\nx: «Proxy»[int]");
    check("def f():\n    class Proxy: ...\n    x: Proxy[int]");
    check("def f():\n    for Proxy in y: ...\n    x: Proxy[int]");
    check("def f():\n    with a as (Proxy, b): ...\n    x: Proxy[int]");
    check("def f():\n    try: ...\n    except E as Proxy: ...\n    x: Proxy[int]");
    check("def f():\n    match y:\n        case [*Proxy]: ...\n    x: Proxy[int]");
    check("def f():\n    match y:\n        case {**Proxy}: ...\n    x: Proxy[int]");
    check("def f():\n    import other.Proxy as Proxy\n    x: Proxy[int]");
    check("def f():\n    from other import Proxy\n    x: Proxy[int]");
    check("def f():\n    x: Proxy[int]\n    del Proxy");
    check("def f():\n    if (Proxy := 3): ...\n    x: Proxy[int]");
    check("def f():\n    global Proxy\n    Proxy = 3\nx: Proxy[int]");
    check("def f():\n    global Proxy\n    x: «Proxy»[int]");
    check(
        "def f():\n    from proxystore.proxy import Proxy\n    def g():\n        nonlocal Proxy\n        Proxy = 3\n        x: Proxy[int]",
    );
    check("def f[Proxy](x: Proxy[int]): ...");
    check("class C[Proxy]:\n    x: Proxy[int]\nx: «Proxy»[int]");
    check("type X[Proxy] = Proxy[int]");
    check(
        "class C:\n    Proxy = 3\n    x: Proxy[int]\n    def f(self, y: Proxy[int]):\n        z: «Proxy»[int]",
    );
    check("class C:\n    Proxy = Proxy\n    x: «Proxy»[int]");
    check("class C:\n    def f[T](self, y: «Proxy»[T]): ...\n    Other = Proxy");
    check("Proxy += 1\nx: Proxy[int]");
    check("def f():\n    Proxy: int\n    x: Proxy[int]");
}
