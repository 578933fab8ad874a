"""The line of a key is the line on which a person sees it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.documents.toml_lines import toml_lines

TEXT = '''# a comment with = and [brackets]
name = "x # no comment"

[batch]   # 4
candidates = 3

[[factors]]   # 7
name = "a"
levels = [
  "one", # 10: a ] in a comment
  "two",
]
[factors.deep]
"quoted key" = 1

[[factors]]   # 16
name = 'b'
at.hour = 2

[lab]
stocks = [ { name = "s", parts = { g = { c = 1 } } },
  { name = "t" } ]
text = """
[not] = "a table"
"""
after = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2), (("batch",), 4), (("batch", "candidates"), 5), (("factors", 0), 7), (("factors", 0, "name"), 8),
        (("factors", 0, "levels"), 9), (("factors", 0, "levels", 0), 10), (("factors", 0, "levels", 1), 11),
        (("factors", 0, "deep"), 13), (("factors", 0, "deep", "quoted key"), 14), (("factors", 1), 16), (("factors", 1, "name"), 17),
        (("factors", 1, "at"), 18), (("factors", 1, "at", "hour"), 18), (("lab", "stocks", 0, "parts", "g", "c"), 21),
        (("lab", "stocks", 1, "name"), 22), (("lab", "text"), 23), (("lab", "after"), 26), (("factors", 1, "absent"), 16), (("nowhere",), None),
    ],
)  # fmt: skip
def test_the_line_of_a_path_is_counted_by_eye(path, line):
    tomllib.loads(TEXT)
    assert toml_lines(TEXT).line(path) == line


def paths_of(value, path=()):
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths_of(child, (*path, key))


scalars = st.one_of(st.integers(), st.booleans(), st.text(alphabet='ab"#[]{}=,\\', max_size=6))
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab.#\"' ", max_size=3), inner, max_size=3)))


def written(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(written, value)) + "\n]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(key)} = {written(child)}" for key, child in value.items()) + " }"
    return str(value)


@given(st.dictionaries(st.text("ab.#\"' ", max_size=3), values, max_size=4))
def test_every_path_that_tomllib_sees_has_a_line_and_the_key_stands_on_it(document):
    text = "".join(f"{written(key)} = {written(value)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    lines = toml_lines(text)
    shown = text.split("\n")
    for path in paths_of(document):
        line = lines.lines[path]
        if isinstance(path[-1], str):
            assert written(path[-1]) in shown[line - 1]
