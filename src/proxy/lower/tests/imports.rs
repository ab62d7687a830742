//! The ways in which a module gets a proxy type from the package that defines it.

use super::check_module as check;

#[test]
fn plain_imports() {
    check("import proxystore.proxy\nx: «proxystore.proxy.Proxy»[int]");
    check(
        "import proxystore\nx: «proxystore.proxy.Proxy»[int]\ny: «proxystore.store.ref.OwnedProxy»[int]",
    );
    check("import proxystore.proxy as pp, os\nx: «pp.Proxy»[int]");
    check("import proxystore.store.ref as r\nx: «r.RefProxy»[int]");
    check("import proxystore as ps\nx: «ps.proxy.ProxyOr»[int]");
    check("import proxystore.proxy, proxystore.store\nx: «proxystore.proxy.Proxy»[int]");
    check("import other as proxystore\nx: proxystore.proxy.Proxy[int]");
}

#[test]
fn imports_of_names() {
    check("from proxystore.proxy import Proxy\nx: «Proxy»[int]");
    check("from proxystore.proxy import Proxy as MyProxy\nx: «MyProxy|Proxy»[int]\ny: Proxy[int]");
    check("from proxystore import proxy\nx: «proxy.Proxy»[int]");
    check("from proxystore import proxy as p\nx: «p.Proxy»[int]");
    check("from proxystore.store import ref\nx: «ref.RefMutProxy»[int]");
    check("from proxystore.store import Store, ref as r\nx: «r.OwnedProxy»[int]\ny: Store[int]");
    check("from proxystore.store.base import Proxy\nx: «Proxy»[int]");
    check("from proxystore.proxy import _ProxyOr\nx: «_ProxyOr|ProxyOr»[int]");
    check("from proxystore.proxy import ProxyLocker\nx: ProxyLocker[int]");
    check("from proxystore.proxy import extract, Proxy as Other\nx: «Other|Proxy»");
    check("from proxyrt import Proxy, OwnedProxy\nx: «Proxy»[int]\ny: «OwnedProxy»[int]");
    check("from proxyrt.store.ref import RefProxy\nx: «RefProxy»[int]");
    check("from proxystore_ex.plugins.distributed import Proxy\nx: «Proxy»[int]");
    check("from proxystore.ex.plugins.distributed import Proxy\nx: «Proxy»[int]");
    check("from proxystores import Proxy\nx: Proxy[int] # proxystore");
    check("from lazy_object_proxy import Proxy\nx: Proxy[int] # proxystore");
}

#[test]
fn star_imports() {
    check("from proxystore.proxy import *\nx: «Proxy»[int]\ny: «ProxyOr»[int]\nz: OwnedProxy[int]");
    check("from proxystore.store.ref import *\nx: «OwnedProxy»[int]\ny: «Proxy»[int]");
    check("from proxystore.store import *\nx: Proxy[int]");
    check("from proxyrt import *\nx: «Proxy»[int]\ny: «RefMutProxy»[int]");
    check("from os import *\nfrom proxystore.proxy import Proxy\nx: «Proxy»[int]");
}

#[test]
fn conditional_imports() {
    check(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]\ny: '«Proxy»[int]'",
    );
    check(
        "import typing as t\nif t.TYPE_CHECKING:\n    from proxystore.proxy import Proxy\nelse:\n    Proxy = object\nx: «Proxy»[int]",
    );
    check(
        "if not TYPE_CHECKING:\n    Proxy = None\nelse:\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from proxystore.proxy import Proxy\nexcept ImportError:\n    Proxy = None\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from proxystore.proxy import Proxy\nexcept ModuleNotFoundError:\n    class Proxy: ...\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from proxystore.proxy import Proxy\nexcept:\n    from typing import Any as Proxy\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from proxystore.proxy import Proxy\nexcept (ImportError, OSError):\n    Proxy = Any\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from proxyrt import Proxy\nexcept ImportError:\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]",
    );
    check(
        "try:\n    import fast\nexcept ImportError:\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]",
    );
    check(
        "try:\n    from fast import Proxy\nexcept ImportError:\n    from proxystore.proxy import Proxy\nx: Proxy[int]",
    );
    check(
        "try:\n    from proxystore.proxy import Proxy\nexcept KeyError:\n    Proxy = 3\nx: Proxy[int]",
    );
    check(
        "Proxy = None\ntry:\n    from proxystore.proxy import Proxy\nexcept ImportError:\n    pass\nx: «Proxy»[int]",
    );
    check("Proxy: Any = None\nif a:\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]");
    check(
        "if a:\n    from proxystore.proxy import Proxy\nelse:\n    from proxystore.store.ref import Proxy\nx: «Proxy»[int]",
    );
    check(
        "if a:\n    from proxystore.proxy import Proxy\nelse:\n    from other import Proxy\nx: Proxy[int]",
    );
    check(
        "if a:\n    from proxystore.proxy import Proxy as P0\nelse:\n    from proxystore.store.ref import OwnedProxy as P0\nx: P0[int]",
    );
}

#[test]
fn local_imports() {
    check(
        "def f():\n    from proxystore.proxy import Proxy\n    x: «Proxy»[int]\n    def g(y: «Proxy»[int]): ...\nx: Proxy[int]\ndef h(y: Proxy[int]): ...",
    );
    check(
        "class C:\n    from proxystore.proxy import Proxy\n    x: «Proxy»[int]\n    def f(self, y: «Proxy»[int]):\n        z: Proxy[int]",
    );
    check("def f(x: Proxy[int]):\n    import proxystore.proxy as pp\n    y: «pp.Proxy»[int]");
    check("def f():\n    global Proxy\n    from proxystore.proxy import Proxy\nx: «Proxy»[int]");
}
