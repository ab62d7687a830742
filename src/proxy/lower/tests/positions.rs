//! Where a name denotes a type, and where it does not.

use super::check;

#[test]
fn annotations() {
    check("x: «Proxy»[int]");
    check("x: «Proxy»[int] = f()");
    check("x: «Proxy»");
    check("self.x: «Proxy»[int] = f()");
    check("def f(x: «Proxy»[int], /, y: «OwnedProxy»[str], *, z: «RefProxy»[str] = g()): ...");
    check("def f(*args: «Proxy»[int], **kwargs: «Proxy»[str]) -> «RefMutProxy»[int]: ...");
    check("async def f(x: «BaseRefProxy»[int]) -> «ProxyOr»[int]: ...");
    check("def f(*args: *tuple[«Proxy»[int], ...]): ...");
    check("class C:\n    x: «Proxy»[int]\n    def m(self, y: «Proxy»[int]) -> «Proxy»[str]: ...");
    check("def f():\n    x: «Proxy»[int] = g()\n    def h() -> «Proxy»[int]: ...");
    check("for x in y:\n    z: «Proxy»[int]\nelse:\n    z: «Proxy»[str]");
    check("with a as b:\n    z: «Proxy»[int]");
    check(
        "try:\n    z: «Proxy»[int]\nexcept E:\n    z: «Proxy»[int]\nfinally:\n    z: «Proxy»[int]",
    );
    check("match x:\n    case 1:\n        z: «Proxy»[int]");
    check("x: (\n    «Proxy»[\n        int,\n    ]\n)");
    check("x: («Proxy»)[int]");
    check("x: «Proxy» [int]");
    check("x: «Proxy»[int] if y else «Proxy»[str]");
    check("x = 1 # type: Proxy[int]");
}

#[test]
fn nested_types() {
    check("x: list[«Proxy»[int]]");
    check("x: List[«Proxy»]");
    check("x: dict[str, «Proxy»[list[«Proxy»[int]]]]");
    check("x: Optional[«Proxy»[int]]");
    check("x: typing.Union[int, «Proxy»[str], «ProxyOr»[bytes]]");
    check("x: int | «Proxy»[str] | None");
    check("x: None | «Proxy»");
    check("x: Callable[[«Proxy»[int], str], «Proxy»[str]]");
    check("x: collections.abc.Callable[..., «Proxy»[int]]");
    check("x: unknown.Future[«Proxy»[int]]");
    check("x: unknown.Future[«Proxy»]");
    check("x: ClassVar[«Proxy»[int]]");
    check("def f(x) -> TypeGuard[«Proxy»[int]]: ...");
    check("x: tuple[«Proxy»[int], ...]");
    check("x: C[[int, «Proxy»[str]], «Proxy»]");
}

#[test]
fn string_annotations() {
    check("x: '«Proxy»[int]'");
    check("x: \"«Proxy»[int] | None\"");
    check("x: u'«Proxy»[int]'");
    check("x: 'list[«Proxy»[int]]' = []");
    check("x: list['«Proxy»[int]']");
    check("x: '''«Proxy»[int]'''");
    check("x: '''\n    «Proxy»[\n        int\n    ] | «OwnedProxy»[int]\n'''");
    check("x: \"list['«Proxy»[int]']\"");
    check("def f(x: '«Proxy»[int]') -> 'Optional[«Proxy»[int]]': ...");
    check(
        "x: '«typing.cast|Proxy»'.replace"
            .replace("«typing.cast|Proxy»", "Proxy")
            .as_str(),
    );
    check("y: 'typing.Optional[«Proxy»[int]]'");
    check("é = 'ü'; x: 'dict[str, «Proxy»[int]]' # é");
}

#[test]
fn strings_that_are_no_annotations() {
    check("x: r'Proxy[int]'");
    check("x: b'Proxy[int]'");
    check("x: f'Proxy[int]'");
    check("x: 'Proxy' '[int]'");
    check("x: 'Pro\\x78y[int]'");
    check("x: 'list[\\'Proxy[int]\\']'");
    check("x: ' Proxy[int]'");
    check("x: 'Proxy[int'");
    check("x: 'Proxy[int]; y'");
    check("x = 'Proxy[int]'");
    check("f('Proxy[int]')");
    check("d['Proxy[int]']");
    check("x: Literal['Proxy[int]']");
    check("x: Annotated[int, 'Proxy[int]']");
    check("'''Proxy[int]'''");
}

#[test]
fn special_forms() {
    check("x: Literal['Proxy', Proxy]");
    check("x: typing.Literal['Proxy[int]'] | «Proxy»[int]");
    check("x: 'Literal[\"Proxy[int]\"]'");
    check("x: elsewhere.Literal['Proxy[int]']");
    check("x: Annotated[«Proxy»[int], Proxy, Field(Proxy[int], 'Proxy[int]')]");
    check("x: Annotated['«Proxy»[int]', 3]");
    check("x: list[Annotated[«Proxy»[int], Proxy]]");
    check("x: type[Proxy]");
    check("x: type[Proxy[int]] | «Proxy»[int]");
    check("x: Type['Proxy[list[«Proxy»[int]]]']");
    check("x: type[Proxy | OwnedProxy[int]]");
    check("x: type[Union[Proxy[int], Foo]]");
    check("x: type[list[«Proxy»[int]]]");
}

#[test]
fn calls_that_take_types() {
    check("cast(«Proxy»[int], x)");
    check("cast(«Proxy», x)");
    check("cast('«Proxy»[int]', 'Proxy[int]')");
    check("typing.cast('list[«Proxy»[int]]', x)");
    check("cast(typ=«Proxy»[int], val=x)");
    check("assert_type(f(Proxy), «Proxy»[int])");
    check("T = TypeVar('T', bound=«Proxy»[int])");
    check("T = TypeVar('T', bound='«Proxy»[int]')");
    check("T = TypeVar('T', «Proxy»[int], «OwnedProxy»[int])");
    check("T = TypeVar('T', default=«Proxy»[int])");
    check("P = ParamSpec('P', default=[«Proxy»[int]])");
    check("N = NamedTuple('Proxy', [('Proxy', «Proxy»[int]), ('b', 'list[«Proxy»[int]]')])");
    check("D = TypedDict('D', {'Proxy': «Proxy»[int], 'b': Required['«Proxy»']}, total=False)");
    check("D = TypedDict('D', {}, extra_items=«Proxy»[int])");
    check("X = TypeAliasType('X', «Proxy»[T], type_params=(T,))");
    check("f(cast(«Proxy»[int], g(cast(«OwnedProxy»[int], x))))");
    check("N = NewType('N', Proxy[int])");
    check("class cast: ...\ncast(Proxy[int], x)");
    check("reveal_type(Proxy[int])");
}

#[test]
fn type_parameters() {
    check("def f[T: «Proxy»[int]](x: T) -> «Proxy»[T]: ...");
    check("def f[T: («Proxy»[int], '«OwnedProxy»[int]')](x: T): ...");
    check("class C[T = «Proxy»[int]](Base[T]): ...");
    check("class C[**P = [«Proxy»[int]], *Ts = *tuple[«Proxy»[int], ...]]: ...");
    check("type X = «Proxy»[int]");
    check("type X[T] = «Proxy»[T] | None");
    check("type X = «Proxy»");
    check("type X = '«Proxy»[int]'");
}

#[test]
fn classes() {
    check("class P(Proxy[int]): ...");
    check("class P(Proxy): ...");
    check("class P(Proxy[list[«Proxy»[int]]]): ...");
    check("class P(Proxy['list[«Proxy»[int]]']): ...");
    check("class C(Generic[T], Base[«Proxy»[int]], metaclass=M): ...");
    check("class C(Base[«Proxy»], Protocol[T]): ...");
    check("class C(Base['«Proxy»[int]']): ...");
    check("class C(NamedTuple('N', [('a', «Proxy»[int])])): ...");
    check("class C(Base, of=Proxy): ...");
    check("@register(Proxy)\nclass C: ...");
    check("@dataclass\nclass C:\n    x: «Proxy»[int] = field(default_factory=list[«Proxy»[int]])");
}

#[test]
fn values() {
    check("p = Proxy(f)");
    check("p = Proxy[int](f)");
    check("p = Proxy[list[«Proxy»[int]]](f)");
    check("p: «Proxy»[int] = Proxy[int](f)");
    check("isinstance(x, Proxy)");
    check("isinstance(x, (Proxy, OwnedProxy))");
    check("isinstance(x, Proxy | int)");
    check("issubclass(x, Proxy)");
    check("type(x) is Proxy");
    check("get_origin(x) is Proxy");
    check("try: ...\nexcept Proxy: ...");
    check("match x:\n    case Proxy(): ...\n    case Proxy(y=Proxy()) | OwnedProxy(): ...");
    check("f(Proxy)");
    check("def f(cls=Proxy, *, other=Proxy[int]): ...");
    check("@singledispatch.register(Proxy)\ndef f(x: «Proxy»[int]): ...");
    check("functools.partial(Proxy[int], f)");
    check("def f() -> type[Proxy[int]]:\n    return Proxy[int]");
    check("x = [Proxy[int], Proxy]");
    check("Proxy[int].mro()");
    check("handlers = {}\nhandlers[Proxy] = 1\nhandlers[Proxy[int]].x");
    check("lambda x=Proxy[int]: Proxy[int]");
    check("{Proxy: Proxy[int] for x in Proxy}");
    check("X = Proxy | None");
    check("assert Proxy");
    check("raise Proxy");
    check("Proxy.x = 1");
    check("Proxy[int] | None");
}

#[test]
fn arguments_of_generics_in_values() {
    check("x = list[«Proxy»[int]]()");
    check("x = list['«Proxy»[int]']()");
    check("x = dict[str, «Proxy»]()");
    check("x = collections.defaultdict[str, «Proxy»[int]](list)");
    check("x = unknown.Future[«Proxy»[int]]()");
    check("x = unknown.registry[Proxy]");
    check("x = unknown.registry['Proxy[int]']");
    check(
        "class Box(Generic[T]): ...\nx = Box[«Proxy»[int]](f)\ny = Box[«Proxy»](f)\nBox['Proxy']",
    );
    check("def f(d, k):\n    d[Proxy[int]]\n    d[Proxy]\n    d[k][Proxy[int]]");
    check("d = {}\nd[Proxy[int]] = 1");
    check("x: C = C[«Proxy»[int]].make()");
    check("x = Optional[«Proxy»]");
    check("x = Union['«Proxy»[int]', None]");
}

#[test]
fn interpolated_strings() {
    check("f'{Proxy[int]}{cast(«Proxy»[int], x)}'");
    check("f'{cast(Proxy[int], x)=}'");
    check("f'{x:{cast(«Proxy»[int], y)}}'");
    check("t'{cast(Proxy[int], x)}'");
}

#[test]
fn scopes_of_expressions() {
    check("f = lambda Proxy: cast(Proxy[int], x)");
    check("f = lambda x: cast(«Proxy»[int], x)");
    check("[cast(Proxy[int], x) for Proxy in y]");
    check("[cast(«Proxy»[int], x) for y in cast(«Proxy»[int], z) if cast(«Proxy»[int], y)]");
    check("{cast(«Proxy»[int], k): v for k, v in d}");
    check("if (Proxy := f()): ...\nx: Proxy[int]");
}

#[test]
fn attribute_chains() {
    let check =
        |marked: &str| super::check_module(&format!("import proxystore.proxy as pp\n{marked}"));
    check("x: «pp.Proxy»[int]");
    check("x: '«pp.Proxy»[int]'");
    check("x: «pp . Proxy»[int]");
    check("x: «(pp).Proxy»[int]");
    check("x: («pp.Proxy»)[int]");
    check("x: (pp\n  .Proxy)[int]");
    check("x: list[pp. # note\n  Proxy]");
    check("x: pp.\\\n  Proxy[int]");
    check("x: y if z else(pp).Proxy[int]");
    check("x: y if z else «(pp).Proxy»[int]");
    check("x: pp.Proxy.y");
    check("x: other.Proxy[int]");
    check("x: f().Proxy[int]");
    check("isinstance(x, pp.Proxy)");
    check("p = pp.Proxy[int](f)");
    check("class P(pp.Proxy[list[«pp.Proxy»[int]]]): ...");
    check("match x:\n    case pp.Proxy(): ...");
}

#[test]
fn stub_files() {
    let text = "from proxystore.proxy import Proxy\n\
                def f(x: «Proxy»[int]) -> «Proxy»[str]: ...\n\
                x: «Proxy»[int]\n\
                class C:\n    y: Optional['«Proxy»[int]']\n";
    super::Project::new(&[]).check("/src/main.pyi", text);
}
