# ruff: noqa
# mypy: ignore-errors
"""What functions and operators do with a proxy, one call a line: the evidence for `data/c-functions.toml`.

A comment says what differs from the same call with the target: the exception, or `different` if there is
none; `in proxystore` or `in proxyrt` if only proxies of that package are treated so. A call without a comment
gives the same with a proxy. `unreported` marks what differs and is not in the table.

`probe.py` checks the comments, `probe.py --write` renews them.
"""

from __future__ import annotations

import array
import ast
import asyncio
import atexit
import base64
import binascii
import bisect
import builtins
import bz2
import calendar
import cmath
import codecs
import collections
import colorsys
import configparser
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fnmatch
import fractions
import functools
import glob
import gzip
import hashlib
import heapq
import hmac
import html
import importlib
import inspect
import io
import ipaddress
import itertools
import json
import keyword
import linecache
import locale
import logging
import lzma
import marshal
import math
import mimetypes
import operator
import os
import pathlib
import pickle
import plistlib
import pprint
import quopri
import random
import re
import secrets
import shlex
import shutil
import socket
import statistics
import string
import struct
import sys
import tempfile
import textwrap
import time
import tokenize
import tomllib
import types
import unicodedata
import urllib.parse
import uuid
import zlib
from dataclasses import dataclass

import dask.sizeof
import msgpack
import numpy as np
import orjson
import pandas as pd
import polars as pl
import pydantic
import yaml

from proxystore.proxy import Proxy


@dataclass
class Config:
    rate: float = 0.5


class Job(pydantic.BaseModel):
    name: str = "train"
    retries: int = 1


text: Proxy[str] = Proxy(lambda: "a")
texts: Proxy[list[str]] = Proxy(lambda: ["a", "b"])
list_of_text: list[Proxy[str]] = [text, text]
document: Proxy[str] = Proxy(lambda: "[1, 2]")
number_text: Proxy[str] = Proxy(lambda: "12")
# The same for each run of this file in one process.
scratch = os.path.join(tempfile.gettempdir(), f"calls-{os.getpid()}")
os.makedirs(scratch, exist_ok=True)
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
file = os.path.join(scratch, "file")
pathlib.Path(file).touch()
path: Proxy[str] = Proxy(lambda: scratch)
encoding: Proxy[str] = Proxy(lambda: "utf-8")
iso_date: Proxy[str] = Proxy(lambda: "2026-01-02")
data: Proxy[bytes] = Proxy(lambda: b"\x01\x00\x02\x00")
byte: Proxy[bytes] = Proxy(lambda: b"a")
number: Proxy[int] = Proxy(lambda: 3)
real: Proxy[float] = Proxy(lambda: 1.25)
flag: Proxy[bool] = Proxy(lambda: True)
complex_number: Proxy[complex] = Proxy(lambda: 1j)
numbers: Proxy[list[int]] = Proxy(lambda: [3, 1, 2])
pair: Proxy[tuple[int, int]] = Proxy(lambda: (0, 1))
members: Proxy[set[int]] = Proxy(lambda: {1, 2})
settings: Proxy[dict[str, int]] = Proxy(lambda: {"a": 1})
moment: Proxy[datetime.datetime] = Proxy(lambda: datetime.datetime(2026, 1, 2))
day: Proxy[datetime.date] = Proxy(lambda: datetime.date(2026, 1, 2))
duration: Proxy[datetime.timedelta] = Proxy(lambda: datetime.timedelta(days=1))
config: Proxy[Config] = Proxy(Config)
job: Proxy[Job] = Proxy(Job)
decimal_number: Proxy[decimal.Decimal] = Proxy(lambda: decimal.Decimal("1.25"))
fraction: Proxy[fractions.Fraction] = Proxy(lambda: fractions.Fraction(5, 4))
cut: Proxy[slice] = Proxy(lambda: slice(1))
vector: Proxy[np.ndarray] = Proxy(lambda: np.array([1.0, 2.0, 3.0]))
index: Proxy[np.ndarray] = Proxy(lambda: np.array([0, 1]))
dtype: Proxy[np.dtype] = Proxy(lambda: np.dtype("f4"))
reals: list[Proxy[float]] = [real, real]
frame: Proxy[pd.DataFrame] = Proxy(lambda: pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
column: Proxy[str] = Proxy(lambda: "a")
columns: Proxy[list[str]] = Proxy(lambda: ["a"])
mask: Proxy[pd.Series] = Proxy(lambda: pd.Series([True, False]))
renamed: Proxy[dict[str, str]] = Proxy(lambda: {"a": "z"})
table: Proxy[pl.DataFrame] = Proxy(lambda: pl.DataFrame({"a": [1, 2], "b": [3, 4]}))
expression: Proxy[pl.Expr] = Proxy(lambda: pl.col("a"))
changed: Proxy[list[int]] = Proxy(lambda: [1])
changed.append(2)

plain_list = [1, 2, 3]
plain_matrix = np.arange(6.0).reshape(2, 3)
plain_vector = np.array([1.0, 2.0, 3.0])
plain_frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
plain_series = pd.Series([1, 2])
plain_table = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
plain_column = pl.Series("a", [1, 2])
plain_moment = datetime.datetime(2026, 1, 2)
pattern = re.compile("a")
context = decimal.Context()
packer = struct.Struct("<HH")

# Calls

# Text
",".join([text, "b"])  # TypeError
",".join(list_of_text)  # TypeError
",".join(it for it in list_of_text)  # TypeError
",".join(texts)
text.join(["x", "y"])
"a,b".startswith(text)  # TypeError
"a,b".endswith(text)  # TypeError
"a,b".split(text)  # TypeError
"a,b".rsplit(text)  # TypeError
"a,b".split(",", number)
"a,b".replace(text, "b")  # TypeError
"a,b".replace("a", text)  # TypeError
"a,b".replace("a", "b", number)
"a,b".count(text)  # TypeError
"a,b".find(text)  # TypeError
"a,b".rfind(text)  # TypeError
"a,b".find("a", number)
"a,b".index(text)  # TypeError
"a,b".rindex(text)  # TypeError
"a,b".strip(text)  # TypeError
"a,b".lstrip(text)  # TypeError
"a,b".rstrip(text)  # TypeError
"a,b".partition(text)  # TypeError
"a,b".rpartition(text)  # TypeError
"a,b".removeprefix(text)  # TypeError
"a,b".removesuffix(text)  # TypeError
"a,b".center(number)
"a,b".center(9, text)  # TypeError
"a,b".ljust(9, text)  # TypeError
"a,b".rjust(9, text)  # TypeError
"a,b".zfill(number)
"a,b".expandtabs(number)
"a,b".encode(encoding)  # TypeError
"a,b".translate(Proxy(lambda: {97: "z"}))
"a,b".format(text)
"{x}".format_map(settings | {"x": 1})
text in "a,b"  # TypeError
text not in "a,b"  # TypeError
text in ["a", "b"]
text in {"a": 1}
text in texts
"a" in text
text + "b"
"b" + text
text * 2
2 * number
text == "a"
text < "b"
text[0]
"a,b"[number:]
"abcd"[number]
"%s" % text
"%d" % number
"%.2f" % real
"%s %s" % (text, text)
"%d %d" % pair  # TypeError
"%(a)s" % settings
f"{text}"
f"{real}"
f"{text!s:>5}"
str(text)
str(data, encoding)  # TypeError
str(b"a", encoding)  # TypeError
str.upper(text)  # TypeError
str.join(",", texts)
str.encode(text)  # TypeError
list(map(str.upper, list_of_text))  # TypeError
list(map(str.upper, texts))
list(filter(str.isdigit, list_of_text))  # TypeError
list(map(len, list_of_text))
text.upper()
text.encode().decode()
chr(number)
ord(text)  # TypeError
ascii(plain_list)
len(text)
print(text)
print("a", end=text)  # TypeError
print("a", sep=text)  # TypeError
print("a", file=io.StringIO(), flush=flag)
input.__name__.startswith(text)  # TypeError
hash(text)
sorted(list_of_text)[0] + "x"
min(list_of_text) + "x"
string.Template(text).substitute()  # TypeError; unreported
string.capwords(text)
textwrap.dedent(text)  # TypeError
textwrap.wrap(text)
textwrap.indent(text, "x")
shlex.split(text)  # TypeError
shlex.quote(text)  # TypeError
html.escape(text)
html.unescape(text)
unicodedata.normalize("NFC", text)  # TypeError
unicodedata.name(text)  # TypeError
unicodedata.category(text)  # TypeError
difflib.get_close_matches(text, ["a"])
difflib.SequenceMatcher(None, text, "a").ratio()
fnmatch.fnmatch(text, "a*")
keyword.iskeyword(text)
urllib.parse.quote(text)
urllib.parse.urlparse(text).path
urllib.parse.urlencode(settings)
codecs.encode(text, "utf-8")  # TypeError
codecs.decode(byte, "ascii")  # TypeError in proxystore
codecs.lookup(encoding).name  # TypeError
locale.atof(number_text)
ast.parse(text) and None  # TypeError
ast.literal_eval(number_text)
tokenize.generate_tokens(io.StringIO("a").readline) and None
sys.intern(text)  # TypeError
sys.getsizeof(text)  # different
compile(text, "f", "eval") and None  # TypeError
eval(number_text)  # TypeError
exec(number_text)  # TypeError
getattr(plain_list, Proxy(lambda: "append")) and None  # TypeError
getattr(plain_list, text, None)  # TypeError
hasattr(plain_list, text)  # TypeError
setattr(types.SimpleNamespace(), text, 1)  # TypeError
delattr(types.SimpleNamespace(a=1), text)  # TypeError
operator.attrgetter(text) and None  # TypeError
operator.methodcaller(text) and None  # TypeError
operator.itemgetter(number)([1, 2, 3, 4])
operator.contains("a,b", text)  # TypeError; unreported
operator.contains(texts, "a")
operator.add(number, 1)
operator.index(number)
importlib.import_module(Proxy(lambda: "json")).__name__
__import__(Proxy(lambda: "json")).__name__  # TypeError
types.ModuleType(text).__name__  # TypeError
type(text, (), {}).__name__  # TypeError
logging.getLogger(text).name
logging.getLogger("a").setLevel(number)
logging.getLogger("a").debug(text)
os.environ.get(text)
os.getenv(text)
secrets.compare_digest(text, text)  # TypeError
hmac.compare_digest(text, "a")  # TypeError
csv.writer(io.StringIO()).writerow(list_of_text)
csv.writer(io.StringIO()).writerow(numbers)
list(csv.reader(texts))
configparser.ConfigParser().read_string(Proxy(lambda: "[a]\nb=1"))  # TypeError
tomllib.loads(Proxy(lambda: "a = 1"))

# Regular expressions
re.compile(text) and None  # TypeError
re.match(text, "a")[0]  # TypeError
re.match("a", text)[0]  # TypeError
re.search("a", text)[0]  # TypeError
re.fullmatch("a", text)[0]  # TypeError
re.findall("a", text)  # TypeError
list(re.finditer("a", text))[0][0]  # TypeError
re.split("a", text)  # TypeError
re.sub("a", "b", text)  # TypeError
re.sub("a", text, "a")  # TypeError
re.subn("a", "b", text)  # TypeError
re.escape(text)
pattern.match(text)[0]  # TypeError
pattern.search(text)[0]  # TypeError
pattern.fullmatch(text)[0]  # TypeError
pattern.findall(text)  # TypeError
pattern.split(text)  # TypeError
pattern.sub("b", text)  # TypeError
pattern.sub(text, "a")  # TypeError
pattern.subn("b", text)  # TypeError
re.match("a", "a").group(number - 3)
re.match("(?P<a>a)", "a").group(text)  # ValueError in proxystore, TypeError in proxyrt; unreported

# Files and paths
open(path + "/x", "w").close()
open(file, Proxy(lambda: "w")).close()  # TypeError
open(file, encoding=encoding).close()  # TypeError
io.StringIO(text).read()  # TypeError
io.StringIO().write(text)  # TypeError
io.StringIO("abc").read(number)
io.BytesIO(data).read()  # TypeError in proxystore
io.BytesIO().write(data)  # TypeError in proxystore
io.BytesIO(b"abc").read(number)
open(file, "w").write(text)  # TypeError
open(file, "wb").write(data)  # TypeError in proxystore
open(file, "w").writelines(list_of_text)  # TypeError
sys.stdout.write(text)  # TypeError
os.path.join(path, text)
os.path.join("/", path)
os.path.exists(path)  # different in proxystore, TypeError in proxyrt
os.path.basename(path)
os.path.splitext(path)
os.path.getsize(path) and None  # ValueError in proxystore, TypeError in proxyrt
os.listdir(path) and None  # ValueError in proxystore, TypeError in proxyrt
os.stat(path) and None  # ValueError in proxystore, TypeError in proxyrt
os.fspath(path)
os.makedirs(path, exist_ok=flag)  # FileExistsError in proxystore, TypeError in proxyrt; unreported
os.write(os.open(os.devnull, os.O_WRONLY), byte)  # TypeError in proxystore
pathlib.Path(path).name
pathlib.Path("/") / path
pathlib.Path(file).write_text(text)  # TypeError
pathlib.Path(file).write_bytes(data)  # TypeError in proxystore
pathlib.Path(scratch).joinpath(text).name
pathlib.Path("a.txt").with_suffix(Proxy(lambda: ".x")).name
pathlib.Path("a.txt").with_name(text).name  # TypeError
pathlib.Path(scratch).glob(text) and None
glob.glob(path)  # TypeError
shutil.which(text)
linecache.getline(path, 1)  # ValueError in proxystore, TypeError in proxyrt; unreported
mimetypes.guess_type(path)

# JSON and other formats
json.dumps(settings)  # TypeError
json.dumps(numbers)  # TypeError
json.dumps(text)  # TypeError
json.dumps(number)  # TypeError
json.dumps({"a": settings})  # TypeError
json.dumps([numbers])  # TypeError
json.dumps({"a": [1, {"b": numbers}]})  # TypeError
json.dumps([it for it in list_of_text])  # TypeError
json.dumps(reals)  # TypeError
json.dumps(settings, indent=1)
json.dumps(settings, default=dict)
json.dumps(dict(settings))
json.dump(settings, io.StringIO())
json.loads(document)  # TypeError
json.loads(Proxy(lambda: b"[1]"))
json.load(io.StringIO("[1]"))
json.JSONEncoder().encode(settings)  # TypeError; unreported
json.JSONDecoder().decode(document)  # TypeError
orjson.dumps(settings)  # TypeError
orjson.dumps({"a": numbers})  # TypeError
orjson.dumps(settings, default=dict)
orjson.loads(document)  # JSONDecodeError
orjson.loads(Proxy(lambda: b"[1]"))  # JSONDecodeError
msgpack.packb(settings)  # TypeError
msgpack.packb([numbers])  # TypeError
msgpack.packb(settings, default=dict)
msgpack.pack(settings, io.BytesIO())  # TypeError
msgpack.unpackb(Proxy(lambda: b"\x01"))  # TypeError in proxystore
yaml.safe_dump(settings)  # RepresenterError
yaml.safe_dump({"a": numbers})  # RepresenterError
yaml.dump(settings)  # different
yaml.dump({"a": numbers})  # different
yaml.safe_load(document)  # TypeError
plistlib.dumps(settings)
pickle.loads(Proxy(lambda: pickle.dumps(1)))  # TypeError in proxystore
marshal.dumps(numbers)  # ValueError
marshal.loads(Proxy(lambda: marshal.dumps(1)))  # TypeError in proxystore
pprint.pformat(numbers)  # different

# Bytes
b"".join([data, b"x"])  # TypeError in proxystore
b"".join(data[:1] for _ in "ab")
data + b"x"
b"x" + data
byte in b"abc"  # TypeError in proxystore
number in b"\x03"
b"abc".startswith(byte)  # TypeError in proxystore
b"abc".endswith(byte)  # TypeError in proxystore
b"abc".split(byte)  # TypeError in proxystore
b"abc".find(byte)  # ValueError in proxystore
b"abc".replace(byte, b"x")  # TypeError in proxystore
b"abc".count(byte)  # ValueError in proxystore
b"abc".strip(byte)  # TypeError in proxystore
b"abc".partition(byte)  # TypeError in proxystore
bytes(data)
bytes(numbers)
bytearray(data)  # ValueError in proxystore
bytearray(numbers)  # TypeError in proxyrt; unreported
bytearray(b"a").extend(data)
memoryview(data).tobytes()  # TypeError in proxystore
int.from_bytes(data, "little")
number.to_bytes(2, "little")
struct.pack("B", number)
struct.pack("4s", data)  # error
struct.unpack("<HH", data)  # TypeError in proxystore
struct.unpack_from("<H", data)  # TypeError in proxystore
list(struct.iter_unpack("<H", data))  # TypeError in proxystore
struct.calcsize(Proxy(lambda: "<H"))
packer.unpack(data)  # TypeError in proxystore
packer.unpack_from(data)  # TypeError in proxystore
list(packer.iter_unpack(data))  # TypeError in proxystore
packer.pack(number, number)
base64.b64encode(data)  # TypeError in proxystore
base64.b64decode(Proxy(lambda: "YQ=="))
base64.urlsafe_b64encode(data)  # TypeError in proxystore
base64.b32encode(data)
base64.b16encode(data)  # TypeError in proxystore
base64.a85encode(data)  # TypeError in proxystore
binascii.hexlify(data)  # TypeError in proxystore
binascii.unhexlify(number_text)  # TypeError
binascii.crc32(data)  # TypeError in proxystore
binascii.b2a_base64(data)  # TypeError in proxystore
quopri.encodestring(data)  # TypeError in proxystore
zlib.compress(data)  # TypeError in proxystore
zlib.decompress(Proxy(lambda: zlib.compress(b"a")))  # TypeError in proxystore
zlib.crc32(data)  # TypeError in proxystore
zlib.adler32(data)  # TypeError in proxystore
zlib.compressobj().compress(data)  # TypeError in proxystore
gzip.compress(data) and None  # TypeError in proxystore
gzip.decompress(Proxy(lambda: gzip.compress(b"a")))  # TypeError in proxystore
bz2.compress(data)  # TypeError in proxystore
bz2.decompress(Proxy(lambda: bz2.compress(b"a")))  # TypeError in proxystore
bz2.BZ2Compressor().compress(data)  # TypeError in proxystore
lzma.compress(data)  # TypeError in proxystore
lzma.decompress(Proxy(lambda: lzma.compress(b"a")))  # TypeError in proxystore
hashlib.sha256(data).hexdigest()  # TypeError in proxystore
hashlib.md5(data).hexdigest()  # TypeError in proxystore
hashlib.new("sha256", data).hexdigest()  # TypeError in proxystore
hashlib.new(Proxy(lambda: "sha256")).name  # TypeError
hashlib.sha256().update(data)  # TypeError in proxystore
hashlib.blake2b(data).hexdigest()  # TypeError in proxystore
hashlib.sha3_256(data).hexdigest()  # TypeError in proxystore
hmac.new(data, b"a", "sha256").hexdigest()  # TypeError in proxystore
hmac.new(b"a", data, "sha256").hexdigest()  # TypeError in proxystore
uuid.UUID(Proxy(lambda: "12345678123456781234567812345678")).hex
uuid.UUID(bytes=Proxy(lambda: b"1234567812345678")).hex
ipaddress.ip_address(Proxy(lambda: "127.0.0.1")).version
array.array("B", data).tolist()
array.array("i", numbers).tolist()
array.array("B").frombytes(data)  # TypeError in proxystore
float.fromhex(Proxy(lambda: "0x1p0"))  # TypeError
bytes.fromhex(number_text)  # TypeError
data.decode()
data.hex()

# Numbers
int(number)
int(number_text)
int(number_text, 10)  # TypeError
int("12", Proxy(lambda: 8))
float(real)
float(number_text)
complex(real)
complex(complex_number)  # TypeError in proxystore
complex(number_text)
bool(number)
abs(number)
round(real)
round(decimal_number, 1)  # TypeError in proxystore
round(fraction, 1)  # TypeError in proxystore
round(real, 1)  # TypeError in proxystore
round(real, ndigits=1)  # TypeError in proxystore
round(1.25, Proxy(lambda: 1))
divmod(number, 2)
divmod(7, number)
pow(number, 2)
pow(2, number)
pow(2, number, 5)  # TypeError in proxystore
pow(number, 2, 5)
number + 1
1 + number
number**2
number // 2
number % 2
-number
~number
number << 1
number & 1
bin(number)
hex(number)
sum([number, number])
sum(numbers)
max(number, 1) + 0
min(numbers)
range(number)
list(range(0, number, number))
[0] * number
plain_list[number - 3]
plain_list[:number]
plain_list[cut]  # TypeError
enumerate([1], number).__next__()
math.sqrt(real)
math.floor(real)
math.ceil(real)
math.trunc(real)  # TypeError in proxystore
math.isclose(real, 1.25)
math.gcd(number, 6)
math.comb(number, 2)
math.factorial(number)
math.isfinite(real)
math.fsum(reals)
math.prod(numbers)
math.hypot(real, real)
math.dist(numbers, numbers)
math.log(real)
math.exp(real)
math.copysign(real, -1)
math.fmod(real, 1)
math.isqrt(number)
math.ldexp(real, number)  # TypeError
math.perm(number)
math.degrees(real)
cmath.sqrt(complex_number)  # TypeError in proxystore
cmath.sqrt(real)
decimal.Decimal(number_text)  # TypeError
decimal.Decimal(number)  # TypeError
decimal.Decimal(real)  # TypeError
decimal.Decimal("1.5") + number
context.create_decimal(number_text)  # TypeError
fractions.Fraction(number)
fractions.Fraction(number, number)
fractions.Fraction(number_text)  # TypeError
statistics.mean(numbers)
statistics.mean(reals)  # TypeError
statistics.median(numbers)
statistics.stdev(numbers)
random.seed(number)
random.randint(0, number) and None
random.choice(numbers) and None
random.sample(numbers, 1) and None
random.shuffle(numbers)
colorsys.rgb_to_hsv(real, real, real)
time.sleep(Proxy(lambda: 0.0))  # TypeError in proxyrt; unreported
time.gmtime(number)
time.localtime(number) and None
time.strftime(text)  # TypeError
calendar.isleap(number)
datetime.timedelta(seconds=real)  # TypeError
datetime.timedelta(number)  # TypeError
datetime.timedelta(days=1) * number
datetime.timedelta(days=1) + duration
datetime.date(Proxy(lambda: 2026), 1, number)
datetime.datetime(2026, 1, number)
datetime.date.fromisoformat(iso_date)  # TypeError
datetime.datetime.fromisoformat(iso_date)  # TypeError
datetime.time.fromisoformat(Proxy(lambda: "10:00:00"))  # TypeError
datetime.datetime.strptime(iso_date, "%Y-%m-%d")  # TypeError
datetime.datetime.strptime("2026", Proxy(lambda: "%Y"))  # TypeError
datetime.date(2026, 1, 2).strftime(text)  # TypeError
datetime.datetime.fromtimestamp(real) and None  # TypeError in proxyrt; unreported
datetime.date.fromordinal(number)
datetime.datetime.combine(day, datetime.time())  # TypeError
plain_moment - moment
plain_moment < moment
plain_moment + duration
moment - plain_moment
moment.strftime("%Y")
plain_moment.replace(day=number)

# Containers
list(numbers)
tuple(numbers)
set(numbers)
frozenset(numbers)
dict(settings)
dict(**settings)
{**settings}
[*numbers]
plain_list + numbers
numbers + plain_list
plain_list == numbers
plain_list.extend(numbers)
plain_list.index(number)
plain_list.count(number)
plain_list.insert(number, 1)
list.append(numbers, 4)  # TypeError
dict.get(settings, "a")  # TypeError
dict.fromkeys(numbers)
set.union(members, {3})  # TypeError
{1}.union(members)
{1} | members
members | {1}
{1} <= members
{1}.issubset(members)
members == {1, 2}
{1: 2} | settings
settings | {1: 2}
{}.update(settings)
{3: 1}[number]
{3: 1}.get(number)
number in {3}
len(numbers)
iter(numbers).__next__()
reversed(numbers).__next__()
sorted(numbers)
any(numbers)
all(numbers)
list(zip(numbers, numbers))
list(map(abs, numbers))
list(filter(None, numbers))
list(itertools.chain(numbers, numbers))
list(itertools.islice(numbers, number))
list(itertools.product(numbers, repeat=number))[0]
list(itertools.combinations(numbers, number))
list(itertools.accumulate(numbers))
list(itertools.repeat(1, number))
functools.reduce(max, numbers)
collections.Counter(numbers)
collections.deque(numbers)
collections.deque([], number).maxlen  # TypeError
collections.OrderedDict(settings)
collections.ChainMap(settings)["a"]
collections.defaultdict(int, settings)
collections.namedtuple("N", Proxy(lambda: ["x"]))(1)
heapq.heapify(numbers)  # TypeError
heapq.heappush(numbers, 0)  # TypeError
heapq.heappop(numbers)  # TypeError
heapq.heappushpop(numbers, 0)  # TypeError
heapq.heapreplace(numbers, 0)  # TypeError
heapq.heappush([], number)
heapq.nlargest(2, numbers)
list(heapq.merge(numbers, numbers))
bisect.bisect(numbers, 2)
bisect.insort(numbers, 2)
copy.copy(changed)  # different
copy.deepcopy(changed)  # different
copy.deepcopy([changed])  # different
copy.deepcopy({"a": changed})  # different
isinstance(numbers, list)
isinstance(numbers, (list, dict))
isinstance(numbers, list | dict)
isinstance(1, Proxy(lambda: int))  # different in proxystore
issubclass(bool, Proxy(lambda: int))  # different in proxystore
vars(config)
sys.getsizeof(Proxy(lambda: "a" * 1000))  # different
sys.getsizeof(vector)  # different
dask.sizeof.sizeof(vector)  # different
contextlib.nullcontext(number).enter_result + 0
contextlib.closing(Proxy(lambda: io.StringIO())).__exit__(None, None, None)

# Data classes
dataclasses.asdict(config)  # TypeError
dataclasses.astuple(config)  # TypeError
dataclasses.replace(config, rate=1.0)  # TypeError
dataclasses.is_dataclass(config)  # different
[it.name for it in dataclasses.fields(config)]

# NumPy
np.array(vector)
np.asarray(vector)
np.asarray(numbers)
np.array([vector, vector])
np.array([real, real])  # different in proxystore
np.array(reals)  # different in proxystore
np.asarray(reals)  # different in proxystore
np.array([number, number])  # different in proxystore
np.array(real)  # different in proxystore
np.asarray(number)  # different in proxystore
np.float64(real)
np.int64(number)
np.array([1, 2], dtype=dtype)  # TypeError
np.zeros(3, dtype=dtype)  # TypeError
np.zeros(number)
np.zeros(pair)
np.ones(number, dtype=dtype)  # TypeError
np.empty(3, dtype=dtype) is None  # TypeError
np.full(number, real)  # different in proxystore
np.arange(number)  # different in proxystore
np.linspace(0, real, number)  # different in proxystore
np.dtype(dtype)  # TypeError
plain_vector.astype(dtype)  # TypeError
plain_vector.astype(Proxy(lambda: "f4"))  # TypeError
plain_vector.sum(dtype=dtype)  # TypeError
plain_vector.view(dtype) is None  # TypeError
plain_vector.reshape(number)
plain_matrix.reshape(Proxy(lambda: (3, 2)))
np.reshape(plain_matrix, Proxy(lambda: (3, 2)))
plain_matrix.sum(axis=Proxy(lambda: 1))
np.sum(plain_matrix, axis=Proxy(lambda: 1))
plain_matrix.sum(axis=pair)  # TypeError
plain_matrix[pair]  # different
plain_matrix[index]
plain_vector[number - 1]
plain_vector[index]
plain_vector[vector > 1]
plain_vector[Proxy(lambda: [0, 1])]
plain_vector[:number]
plain_vector[cut]  # IndexError
plain_matrix[0, number - 1]
plain_vector + vector
plain_vector @ vector
vector + plain_vector
np.add(vector, 1)
np.add(plain_vector, 1, out=vector)  # TypeError in proxystore
np.sqrt(plain_vector, out=vector)  # TypeError in proxystore
np.multiply(plain_vector, 2, out=vector)  # TypeError in proxystore
np.sum(vector)
np.dot(vector, vector)
np.mean(vector)
np.std(vector)
np.concatenate([vector, vector])
np.stack([vector, vector])
np.vstack((vector, vector))
np.hstack(reals)  # different in proxystore
np.where(vector > 1, vector, 0)
np.linalg.norm(vector)
np.linalg.inv(Proxy(lambda: np.eye(2)))
np.linalg.solve(np.eye(3), vector)
np.einsum("i,i->", vector, vector)
np.fft.fft(vector)
np.sort(vector)
np.argsort(vector)
np.argmax(vector)
np.unique(vector)
np.isnan(vector)
np.allclose(vector, vector)
np.array_equal(vector, plain_vector)
np.testing.assert_allclose(vector, plain_vector)
np.copy(vector)
np.copyto(vector, plain_vector)  # TypeError in proxystore
np.copyto(np.zeros(3), vector)
np.put(vector, [0], [1.0])
np.fill_diagonal(np.eye(3), real)
np.take(plain_vector, index)
np.frombuffer(data, dtype="<u2")  # TypeError in proxystore
np.frombuffer(Proxy(lambda: np.arange(2.0)))  # TypeError in proxystore
np.save(io.BytesIO(), vector)
np.savez(io.BytesIO(), vector)
np.savetxt(io.StringIO(), vector)
np.random.default_rng(number).integers(9)  # TypeError
np.random.seed(number)
np.random.default_rng(0).choice(vector)
np.random.default_rng(0).shuffle(vector)
np.random.default_rng(0).normal(size=number)
np.random.default_rng(0).normal(real, real)
np.ndarray.sum(vector)  # TypeError
np.ndarray.reshape(vector, (3, 1))  # TypeError
np.median(vector)
np.histogram(vector)[0]
np.percentile(vector, number)
np.clip(vector, 0, real)  # different in proxystore
np.interp(real, vector, vector)
np.cumsum(vector)
np.outer(vector, vector)
np.tile(vector, number)
np.repeat(vector, number)
np.split(vector, number)
np.expand_dims(vector, 0)
np.vectorize(abs)(vector)
np.maximum(vector, 1)
np.isscalar(real)
np.fromstring(Proxy(lambda: "1 2"), sep=" ")  # TypeError
vector.sum()

# pandas
plain_frame[column]  # TypeError
plain_frame[columns]  # TypeError
plain_frame[mask]  # TypeError
plain_frame["a"]
plain_frame.loc[number - 3]
plain_frame.loc[mask]  # TypeError
plain_frame.loc[:, column]  # different; unreported
plain_frame.loc[0, column]  # different; unreported
plain_frame.iloc[number - 3]
plain_frame.iloc[Proxy(lambda: [0])]  # TypeError
plain_frame.at[0, column]  # KeyError
plain_frame.iat[0, number - 2]
plain_series[number - 3]
plain_series[mask]  # TypeError
plain_frame.get(column)  # TypeError
plain_frame.groupby(column).sum()  # KeyError
plain_frame.groupby([column]).sum()  # KeyError
plain_frame.groupby(columns).sum()
plain_frame.sort_values(column)  # KeyError
plain_frame.sort_values(by=column)  # KeyError
plain_frame.sort_values(columns)
plain_frame.set_index(column)  # ValueError
plain_frame.set_index(columns)
plain_frame.drop(columns=column)  # KeyError in proxystore
plain_frame.drop(columns=columns)
plain_frame.drop(number - 3)
plain_frame.rename(columns=renamed)
plain_frame.pop(column)  # TypeError
plain_frame.pivot_table(index=column)  # KeyError
plain_frame.query(Proxy(lambda: "a > 1"))
plain_frame.eval(Proxy(lambda: "a + b"))
plain_frame.merge(frame)
plain_frame.merge(frame, on=column)  # KeyError
plain_frame.join(frame, rsuffix="x")
plain_frame.reindex(columns=columns)
plain_frame.astype(Proxy(lambda: "f8"))  # TypeError
plain_frame.fillna(number)  # ValueError; unreported
plain_frame.head(number)  # TypeError
plain_frame.filter(columns)  # TypeError
plain_frame.drop_duplicates(column)  # TypeError
plain_frame.nlargest(1, column)
plain_frame.agg(Proxy(lambda: "sum"))  # TypeError
plain_frame.assign(c=numbers[:2])
plain_frame.assign(c=number)  # TypeError
plain_frame.assign(c=Proxy(lambda: [1, 2]))  # TypeError
plain_frame.where(mask)  # TypeError
plain_frame.where(Proxy(lambda: pd.DataFrame({"a": [True, False], "b": [True, True]})))  # TypeError
plain_frame.mask(Proxy(lambda: pd.DataFrame({"a": [True, False], "b": [True, True]})))  # TypeError
plain_frame.apply(Proxy(lambda: max))  # TypeError
plain_frame.pipe(Proxy(lambda: len))
plain_frame.insert(0, column + "x", [1, 2])
plain_frame.isin(numbers)
plain_frame.equals(frame)
plain_frame + frame
plain_frame == frame
plain_series + number  # different in proxystore; unreported
plain_series.map(settings)  # TypeError
plain_series.isin(numbers)
plain_series.astype(Proxy(lambda: "f8"))  # TypeError
plain_series.head(number)  # TypeError
pd.concat([frame, frame])
pd.merge(frame, frame)
pd.DataFrame(settings, index=[0])
pd.DataFrame(frame)
pd.DataFrame({"a": numbers})
pd.DataFrame({"a": vector})
pd.DataFrame(vector)
pd.Series(numbers)
pd.Series(vector)
pd.to_datetime(iso_date)  # ValueError in proxystore, TypeError in proxyrt
pd.Timestamp(iso_date)  # TypeError
pd.Timestamp(moment)  # TypeError
pd.isna(frame)
pd.get_dummies(frame)
pd.read_csv(Proxy(lambda: io.StringIO("a\n1")))
pd.testing.assert_frame_equal(plain_frame, frame)  # AssertionError
pd.testing.assert_frame_equal(frame, plain_frame)
pd.testing.assert_series_equal(plain_series, Proxy(lambda: pd.Series([1, 2])))  # AssertionError
frame["a"]
frame[column]  # TypeError

# Polars
plain_table[column]  # TypeError
plain_table[columns]
plain_table[number - 3]
plain_table.select(column)  # TypeError
plain_table.select(columns)
plain_table.select(expression)  # TypeError
plain_table.select("b", expression)
plain_table.select(expression, "b")
plain_table.select(x=expression)
plain_table.filter([Proxy(lambda: pl.col("a") > 1)])
plain_table.with_columns("b", expression)
plain_table.lazy().select(expression).collect()  # TypeError
plain_table.lazy().filter(Proxy(lambda: pl.col("a") > 1)).collect()  # TypeError
plain_table.select([expression])
plain_table.filter(expression > 1)
plain_table.filter(Proxy(lambda: pl.col("a") > 1))  # TypeError
plain_table.with_columns(expression)  # TypeError
plain_table.group_by(column).len().height  # TypeError
plain_table.group_by(expression).len().height  # TypeError
plain_table.sort(column)  # TypeError
plain_table.sort(columns)
plain_table.sort(expression)  # TypeError
plain_table.drop(column)  # TypeError
plain_table.drop(columns)
plain_table.rename(renamed)  # TypeError
plain_table.get_column(column)  # TypeError
plain_table.head(number)
plain_table.join(table, on="a")
plain_table.join(table, on=column)  # TypeError
plain_table.vstack(table)
plain_table.hstack(Proxy(lambda: pl.DataFrame({"z": [1, 2]})))
plain_table.equals(table)
plain_table.unique(column)  # TypeError
plain_table.to_dict()["a"].equals(plain_column)
pl.col(column) is None  # TypeError
pl.lit(number) is None
pl.DataFrame(settings)
pl.DataFrame({"a": numbers})
pl.DataFrame({"a": vector})  # TypeError
pl.DataFrame(vector)  # TypeError
pl.Series(numbers)
pl.Series(vector)  # TypeError
pl.Series("a", numbers)
pl.concat([table, table])
pl.from_pandas(frame)
pl.from_numpy(vector)  # TypeError
pl.from_dict(Proxy(lambda: {"a": [1]}))
plain_column.is_in(numbers)
plain_column.filter(Proxy(lambda: pl.Series([True, False])))

# Pydantic
Job(name=text)  # ValidationError
Job(retries=number)
Job.model_validate(settings)
Job.model_validate(job)
Job.model_validate_json(Proxy(lambda: "{}"))  # ValidationError
Job.model_validate_json(Proxy(lambda: b"{}"))  # ValidationError
Job().model_copy(update=settings)
Job.model_construct(name=text).retries
pydantic.TypeAdapter(list[int]).validate_python(numbers)
pydantic.TypeAdapter(str).validate_python(text)  # ValidationError; unreported
pydantic.TypeAdapter(list[int]).validate_json(document)  # ValidationError
pydantic.TypeAdapter(list[int]).dump_json(numbers)
job.model_dump()
