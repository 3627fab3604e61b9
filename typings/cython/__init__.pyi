"""What Cython's pure-Python names are to a type checker: C integers are int, decorators change nothing.

Only what the project uses. Pointers are opaque: the code that handles them is Cython's to check.
"""

from builtins import float as float
from builtins import int as int
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar

_T = TypeVar("_T")
_AnyCallable = TypeVar("_AnyCallable", bound=Callable[..., Any])

# Types

bint: TypeAlias = bool
char: TypeAlias = int
schar: TypeAlias = int
uchar: TypeAlias = int
short: TypeAlias = int
ushort: TypeAlias = int
double: TypeAlias = float
longdouble: TypeAlias = float
uint: TypeAlias = int
long: TypeAlias = int
ulong: TypeAlias = int
longlong: TypeAlias = int
ulonglong: TypeAlias = int
size_t: TypeAlias = int
Py_ssize_t: TypeAlias = int
void: TypeAlias = None

class _Pointer:
    def __class_getitem__(cls, item: Any) -> Any: ...

pointer = _Pointer
const = _Pointer
p_void: TypeAlias = Any
p_char: TypeAlias = Any
p_uchar: TypeAlias = Any
p_int: TypeAlias = Any
p_uint: TypeAlias = Any
p_double: TypeAlias = Any
p_longdouble: TypeAlias = Any
p_longlong: TypeAlias = Any
p_ulonglong: TypeAlias = Any
p_const_char: TypeAlias = Any
p_const_uchar: TypeAlias = Any
p_const_void: TypeAlias = Any

NULL: Any
compiled: bool

# Operators

def address(value: Any) -> Any: ...
def cast(kind: Any, value: Any, typecheck: bool = ...) -> Any: ...
def declare(kind: Any = ..., value: Any = ..., /, **variables: Any) -> Any: ...
def sizeof(kind: Any) -> int: ...
def typeof(value: Any) -> str: ...

# Decorators

def cfunc(function: _AnyCallable) -> _AnyCallable: ...
def ccall(function: _AnyCallable) -> _AnyCallable: ...
def inline(function: _AnyCallable) -> _AnyCallable: ...
def cclass(kind: type[_T]) -> type[_T]: ...
def final(thing: _T) -> _T: ...
def internal(thing: _T) -> _T: ...
def freelist(size: int) -> Callable[[type[_T]], type[_T]]: ...
def no_gc(flag: bool) -> Callable[[type[_T]], type[_T]]: ...
def no_gc_clear(flag: bool) -> Callable[[type[_T]], type[_T]]: ...
def exceptval(value: Any = ..., *, check: bool = ...) -> Callable[[_AnyCallable], _AnyCallable]: ...
def boundscheck(flag: bool) -> Callable[[_AnyCallable], _AnyCallable]: ...
def wraparound(flag: bool) -> Callable[[_AnyCallable], _AnyCallable]: ...
def cdivision(flag: bool) -> Callable[[_AnyCallable], _AnyCallable]: ...

class _Gil:
    """`nogil` and `gil`: decorators, and context managers too."""

    def __call__(self, function: _AnyCallable) -> _AnyCallable: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> Literal[False]: ...

nogil: _Gil
gil: _Gil
