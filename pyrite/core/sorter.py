"""Sorter: the elements of a collection in an order, by a number or a text of each; and the patterns that name these.

Each item gets a key of 64 bits: a double's bits, changed so that they sort as integers do, or the eight bytes of a text
behind what all texts begin with, the first one highest. The keys, with a pointer to their item each, are sorted byte by
byte (radix sort, from the lowest byte up; bytes that are all alike are left out). Only items with equal keys are then
compared themselves, and sorted by merging: stable, and O(n log n) at worst. So few items are touched out of order.

Order, as Redis has it: equal numbers by the bytes of their elements; texts by their bytes, or by the process's locale
where that is asked for; what has no text before all texts. Items that are equal keep their order. A descending order is
the reverse of the ascending one, except for these.

Texts stay where the collection has them, so it must not change while a sorter refers to it.
"""

import cython
from cython.cimports.libc import errno
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memchr, memcmp, memcpy, memset
from cython.cimports.pyrite.core.entry import Blob, blob_data, blob_free, blob_new, blob_reserve
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import format_longlong, parse_double, strtod
from cython.cimports.pyrite.core.parser import Slice

_MORE_MAX = cython.declare(cython.size_t, 1 << 20)


# Keys


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _key_of_number(number: cython.double) -> uint64_t:
    """The bits of a double, so that they are in its order: all flipped of a negative one, else only the sign."""
    bits: uint64_t = 0
    # Zeros are equal, whatever their sign: this makes the negative one positive.
    number += 0.0
    memcpy(cython.address(bits), cython.address(number), 8)
    return ~bits if bits & DOUBLE_SIGN else bits | DOUBLE_SIGN


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _key_of_text(p: cython.p_const_char, n: cython.Py_ssize_t) -> uint64_t:
    """Up to eight bytes of a text, zeros behind fewer."""
    key: uint64_t = 0
    i: cython.Py_ssize_t
    for i in range(n if n < 8 else 8):
        key |= cython.cast(uint64_t, cython.cast(cython.uchar, p[i])) << (56 - 8 * i)
    return key


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare_bytes(
    a: cython.p_const_char, n: cython.Py_ssize_t, b: cython.p_const_char, m: cython.Py_ssize_t
) -> cython.int:
    order: cython.int = memcmp(a, b, n if n < m else m)
    return order if order else (n > m) - (n < m)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _text_of(value: cython.pointer[cython.const[LpValue]], digits: cython.p_char) -> Slice:
    """The bytes of a value; an integer's are written to `digits`, of DIGITS bytes."""
    text: Slice
    text.p = cython.cast(cython.p_char, value.text)
    text.n = value.length
    if text.p == cython.NULL:
        text.p = digits
        text.n = format_longlong(digits, value.number)
    return text


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare_items(s: cython.pointer[Sorter], a: cython.pointer[SortItem], b: cython.pointer[SortItem]) -> cython.int:
    """Compare two items whose keys are equal."""
    room: cython.char[24]
    other_room: cython.char[24]
    x: Slice
    y: Slice
    if not s.by_text:
        x = _text_of(cython.address(a.element), room)
        y = _text_of(cython.address(b.element), other_room)
        return _compare_bytes(x.p, x.n, y.p, y.n)
    if a.text == cython.NULL or b.text == cython.NULL:
        return (a.text != cython.NULL) - (b.text != cython.NULL)
    if s.collates:
        return strcoll(a.text, b.text)
    return _compare_bytes(a.text, a.length, b.text, b.length)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _in_order(s: cython.pointer[Sorter], a: cython.pointer[SortKey], b: cython.pointer[SortKey]) -> cython.bint:
    """Tell whether the first may stand before the second."""
    if a.key != b.key:
        return (a.key < b.key) != s.descending
    order: cython.int = _compare_items(s, a.item, b.item)
    return order >= 0 if s.descending else order <= 0


# The sorter


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_open(
    s: cython.pointer[Sorter],
    capacity: cython.size_t,
    by_text: cython.bint,
    descending: cython.bint,
    collates: cython.bint,
) -> cython.bint:
    """Make room for so many items; False without memory. `sorter_close` is called in either case."""
    name: cython.p_char = setlocale(LC_COLLATE, cython.NULL)
    s.capacity = capacity
    s.count = 0
    s.digits = cython.NULL
    s.copies = cython.NULL
    s.by_text = by_text
    s.descending = descending
    # The locale of C collates by bytes.
    s.collates = collates and by_text and name != cython.NULL and not (name[0] == b"C" and name[1] == 0)
    s.items = cython.cast(cython.pointer[SortItem], mem_try_alloc(capacity * cython.sizeof(SortItem)))
    s.keys = cython.cast(cython.pointer[SortKey], mem_try_alloc(capacity * cython.sizeof(SortKey)))
    s.spare = cython.cast(cython.pointer[SortKey], mem_try_alloc(capacity * cython.sizeof(SortKey)))
    return s.items != cython.NULL and s.keys != cython.NULL and s.spare != cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_close(s: cython.pointer[Sorter]) -> cython.void:
    """Free what the sorter has."""
    if s.items != cython.NULL:
        mem_free(s.items, s.capacity * cython.sizeof(SortItem))
    if s.keys != cython.NULL:
        mem_free(s.keys, s.capacity * cython.sizeof(SortKey))
    if s.spare != cython.NULL:
        mem_free(s.spare, s.capacity * cython.sizeof(SortKey))
    if s.digits != cython.NULL:
        mem_free(s.digits, s.capacity * DIGITS)
    if s.copies != cython.NULL:
        blob_free(s.copies)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_add(s: cython.pointer[Sorter], element: cython.pointer[cython.const[LpValue]]) -> cython.void:
    """Add an element behind the others; there is room for it. Until told otherwise it is 0, or has no text."""
    item: cython.pointer[SortItem] = cython.address(s.items[s.count])
    item.element = element[0]
    item.text = cython.NULL
    item.length = 0
    s.keys[s.count].item = item
    s.keys[s.count].key = 0 if s.by_text else DOUBLE_SIGN
    s.count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_set_number(s: cython.pointer[Sorter], i: cython.size_t, number: cython.double) -> cython.void:
    """Have an item sorted by a number, which is no NaN; before `sorter_sort`."""
    s.keys[i].key = _key_of_number(number)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_set_text(
    s: cython.pointer[Sorter], i: cython.size_t, text: cython.pointer[cython.const[LpValue]]
) -> cython.bint:
    """Have an item sorted by a text that stays where it is; before `sorter_sort`. False without memory."""
    item: cython.pointer[SortItem] = cython.address(s.items[i])
    bytes_: Slice
    if text.text == cython.NULL and s.digits == cython.NULL:
        s.digits = cython.cast(cython.p_char, mem_try_alloc(s.capacity * DIGITS))
        if s.digits == cython.NULL:
            return False
    bytes_ = _text_of(text, s.digits + i * DIGITS)
    item.text = bytes_.p
    item.length = bytes_.n
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy_texts(s: cython.pointer[Sorter]) -> cython.bint:
    """Put a zero byte behind each text, for strcoll, in one block of copies; False without memory."""
    i: cython.size_t
    total: cython.size_t = 0
    for i in range(s.count):
        total += s.items[i].length + 1
    s.copies = blob_new(total)
    if s.copies == cython.NULL:
        return False
    p: cython.p_char = blob_data(s.copies)
    for i in range(s.count):
        if s.items[i].text != cython.NULL:
            memcpy(p, s.items[i].text, s.items[i].length)
            p[s.items[i].length] = 0
            s.items[i].text = p
            p += s.items[i].length + 1
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _common_length(s: cython.pointer[Sorter]) -> cython.Py_ssize_t:
    """Bytes with which all texts begin."""
    i: cython.size_t
    first: cython.pointer[SortItem] = cython.NULL
    common: cython.Py_ssize_t = 0
    same: cython.Py_ssize_t
    for i in range(s.count):
        if s.items[i].text == cython.NULL:
            continue
        if first == cython.NULL:
            first = cython.address(s.items[i])
            common = first.length
        common = min(common, s.items[i].length)
        same = 0
        while same < common and s.items[i].text[same] == first.text[same]:
            same += 1
        common = same
        if common == 0:
            break
    return common


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _set_text_keys(s: cython.pointer[Sorter]) -> cython.void:
    """Give each item the key of its text. Another locale's order has nothing to do with the bytes, so all are alike."""
    i: cython.size_t
    common: cython.Py_ssize_t = 0 if s.collates else _common_length(s)
    for i in range(s.count):
        if s.items[i].text != cython.NULL and not s.collates:
            s.keys[i].key = _key_of_text(s.items[i].text + common, s.items[i].length - common)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _insert_in_run(s: cython.pointer[Sorter], start: cython.size_t, end: cython.size_t) -> cython.void:
    """Sort a few keys by insertion."""
    i: cython.size_t
    j: cython.size_t
    moved: SortKey
    for i in range(start + 1, end):
        moved = s.keys[i]
        j = i
        while j > start and not _in_order(s, cython.address(s.keys[j - 1]), cython.address(moved)):
            s.keys[j] = s.keys[j - 1]
            j -= 1
        s.keys[j] = moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge(s: cython.pointer[Sorter], start: cython.size_t, middle: cython.size_t, end: cython.size_t) -> cython.void:
    """Merge two neighbouring runs: the first one moves away, and both come back in order."""
    left: cython.size_t = 0
    right: cython.size_t = middle
    at: cython.size_t = start
    length: cython.size_t = middle - start
    if _in_order(s, cython.address(s.keys[middle - 1]), cython.address(s.keys[middle])):
        return
    memcpy(s.spare, cython.address(s.keys[start]), length * cython.sizeof(SortKey))
    while left < length:
        if right == end or _in_order(s, cython.address(s.spare[left]), cython.address(s.keys[right])):
            s.keys[at] = s.spare[left]
            left += 1
        else:
            s.keys[at] = s.keys[right]
            right += 1
        at += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sort_by_merging(s: cython.pointer[Sorter], start: cython.size_t, end: cython.size_t) -> cython.void:
    """Sort a stretch of the keys by comparing."""
    width: cython.size_t = RUN
    at: cython.size_t = start
    while at < end:
        _insert_in_run(s, at, min(at + RUN, end))
        at += RUN
    while width < end - start:
        at = start
        while at + width < end:
            _merge(s, at, at + width, min(at + 2 * width, end))
            at += 2 * width
        width *= 2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _digit(s: cython.pointer[Sorter], key: uint64_t, shift: cython.int) -> cython.size_t:
    """A byte of a key, or how far it is from the highest."""
    return ((key >> shift) & 255) ^ (255 if s.descending else 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sort_by_byte(s: cython.pointer[Sorter], shift: cython.int) -> cython.void:
    """One pass of the radix sort, which leaves keys with the same byte in their order."""
    places: cython.size_t[256]
    i: cython.size_t
    digit: cython.size_t
    count: cython.size_t
    at: cython.size_t = 0
    swapped: cython.pointer[SortKey]
    memset(places, 0, cython.sizeof(places))
    for i in range(s.count):
        places[_digit(s, s.keys[i].key, shift)] += 1
    if places[_digit(s, s.keys[0].key, shift)] == s.count:
        return
    for i in range(256):
        count = places[i]
        places[i] = at
        at += count
    for i in range(s.count):
        digit = _digit(s, s.keys[i].key, shift)
        s.spare[places[digit]] = s.keys[i]
        places[digit] += 1
    swapped = s.spare
    s.spare = s.keys
    s.keys = swapped


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sort_by_bytes(s: cython.pointer[Sorter]) -> cython.void:
    """Sort by the keys, then stretches of equal keys by their items."""
    byte: cython.int
    start: cython.size_t = 0
    end: cython.size_t
    for byte in range(8):
        _sort_by_byte(s, byte * 8)
    while start < s.count:
        end = start + 1
        while end < s.count and s.keys[end].key == s.keys[start].key:
            end += 1
        if end - start > 1:
            _sort_by_merging(s, start, end)
        start = end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sorter_sort(s: cython.pointer[Sorter]) -> cython.bint:
    """Sort; `keys[i].item` are the items in order then. False, and nothing sorted, without memory."""
    if s.collates and not _copy_texts(s):
        return False
    if s.by_text:
        _set_text_keys(s)
    if s.count < RADIX_MIN:
        _sort_by_merging(s, 0, s.count)
    else:
        _sort_by_bytes(s)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _number_of_odd_text(p: cython.p_const_char, n: cython.Py_ssize_t, number: cython.p_double) -> cython.bint:
    """What strtod makes of a text up to a zero byte: blanks before it, and no text at all, which is 0, are allowed."""
    end: cython.p_char = cython.NULL
    text: cython.pointer[Blob] = blob_new(n + 1)
    if text == cython.NULL:
        return False
    memcpy(blob_data(text), p, n)
    blob_data(text)[n] = 0
    errno.errno = 0
    number[0] = strtod(blob_data(text), cython.address(end))
    usable: cython.bint = end[0] == 0 and errno.errno != errno.ERANGE and number[0] == number[0]
    blob_free(text)
    return usable


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sort_number(value: cython.pointer[cython.const[LpValue]], number: cython.p_double) -> cython.bint:
    """The number that a value is sorted by; False where it is none."""
    if value.text == cython.NULL:
        number[0] = cython.cast(cython.double, value.number)
        return True
    if parse_double(value.text, value.length, number):
        return True
    return _number_of_odd_text(value.text, value.length, number)


# Patterns: the first `*` stands for the element, and `->` behind it parts the name of a hash from that of its field


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_arrow(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Where `->` stands with something behind it; -1 where it does not."""
    i: cython.Py_ssize_t
    for i in range(n - 2):
        if p[i] == 45 and p[i + 1] == 62:
            return i if p[i + 2] != 0 else -1
        if p[i] == 0:
            break
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pattern_parse(pattern: cython.pointer[SortPattern], text: Slice) -> cython.void:
    """Take a pattern of BY or GET apart; it refers to the text. A zero byte ends the search for `*` and `->`."""
    zero: cython.p_char = cython.cast(cython.p_char, memchr(text.p, 0, text.n))
    star: cython.p_char = cython.cast(
        cython.p_char, memchr(text.p, 42, text.n if zero == cython.NULL else zero - text.p)
    )
    pattern.name = cython.NULL
    pattern.kind = PATTERN_NONE
    if text.n and text.p[0] == 35 and (text.n == 1 or text.p[1] == 0):
        pattern.kind = PATTERN_SELF
    if star == cython.NULL:
        return
    pattern.kind = PATTERN_KEY
    pattern.prefix.p = text.p
    pattern.prefix.n = star - text.p
    pattern.suffix.p = star + 1
    pattern.suffix.n = text.n - pattern.prefix.n - 1
    arrow: cython.Py_ssize_t = _find_arrow(pattern.suffix.p, pattern.suffix.n)
    if arrow >= 0:
        pattern.kind = PATTERN_FIELD
        pattern.field.p = pattern.suffix.p + arrow + 2
        pattern.field.n = pattern.suffix.n - arrow - 2
        pattern.suffix.n = arrow


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pattern_name(
    pattern: cython.pointer[SortPattern],
    element: cython.pointer[cython.const[LpValue]],
    name: cython.pointer[Slice],
) -> cython.bint:
    """The name of the key that a pattern means for an element, good until the next one; False without memory."""
    digits: cython.char[24]
    middle: Slice = _text_of(element, digits)
    room: cython.size_t = pattern.prefix.n + middle.n + pattern.suffix.n
    blob: cython.pointer[Blob] = pattern.name
    if blob == cython.NULL or blob.capacity < room:
        # Names grow by little, if at all; so a little more serves most of them.
        room += room if room < _MORE_MAX else 0
        blob = blob_new(room) if blob == cython.NULL else blob_reserve(blob, room)
        if blob == cython.NULL:
            return False
        pattern.name = blob
    name.p = blob_data(blob)
    memcpy(name.p, pattern.prefix.p, pattern.prefix.n)
    memcpy(name.p + pattern.prefix.n, middle.p, middle.n)
    memcpy(name.p + pattern.prefix.n + middle.n, pattern.suffix.p, pattern.suffix.n)
    name.n = pattern.prefix.n + middle.n + pattern.suffix.n
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pattern_close(pattern: cython.pointer[SortPattern]) -> cython.void:
    """Free what the pattern has."""
    if pattern.name != cython.NULL:
        blob_free(pattern.name)
        pattern.name = cython.NULL


# Python handles, for tests and cold callers


@cython.cfunc
def _load(value: object, out: cython.pointer[LpValue]) -> cython.int:
    """Make a value of an int or of bytes, which the caller keeps."""
    out.text = cython.NULL
    out.length = 0
    if isinstance(value, int):
        out.number = value
        return 0
    text: bytes = value
    out.text = text
    out.length = len(text)
    return 0


def number_of(value: object) -> float | None:
    """The number that an int or bytes is sorted by; None where it is none."""
    number: cython.double = 0
    loaded: LpValue
    _load(value, cython.address(loaded))
    return number if sort_number(cython.address(loaded), cython.address(number)) else None


def sorted_order(
    elements: list, by: list | None, by_text: cython.bint, descending: cython.bint, collates: cython.bint = False
) -> list[int]:
    """The indexes of elements, ints or bytes, in the order of `by`: doubles, or ints and bytes, None for nothing.

    Without `by` the elements are sorted by themselves.
    """
    s: Sorter
    value: LpValue
    i: cython.Py_ssize_t
    keys: list = elements if by is None else by
    if not sorter_open(cython.address(s), len(elements), by_text, descending, collates):
        raise MemoryError
    for i in range(len(elements)):
        _load(elements[i], cython.address(value))
        sorter_add(cython.address(s), cython.address(value))
        if keys[i] is None:
            continue
        if by_text:
            _load(keys[i], cython.address(value))
            sorter_set_text(cython.address(s), i, cython.address(value))
        else:
            sorter_set_number(cython.address(s), i, number_of(keys[i]) if by is None else keys[i])
    sorter_sort(cython.address(s))
    order: list = [s.keys[i].item - s.items for i in range(len(elements))]
    sorter_close(cython.address(s))
    return order


def names_of(text: bytes, elements: list) -> list[tuple[int, bytes, bytes]]:
    """What a pattern means for each of some elements: its kind, the key's name, the field's."""
    pattern: SortPattern
    whole: Slice
    name: Slice
    value: LpValue
    out: list = []
    whole.p = text
    whole.n = len(text)
    pattern_parse(cython.address(pattern), whole)
    for element in elements:
        if pattern.kind < PATTERN_KEY:
            out.append((pattern.kind, b"", b""))
            continue
        _load(element, cython.address(value))
        if not pattern_name(cython.address(pattern), cython.address(value), cython.address(name)):
            raise MemoryError
        field: bytes = pattern.field.p[: pattern.field.n] if pattern.kind == PATTERN_FIELD else b""
        out.append((pattern.kind, name.p[: name.n], field))
    pattern_close(cython.address(pattern))
    return out
