"""A map of columns: their headers, our labels, and every fault of the file at once."""

from __future__ import annotations

import pytest

from cellframe.errors import SheetError
from cellframe.sheets.labels import ColumnMap, read_map


def read(tmp_path, text):
    path = tmp_path / "map.toml"
    path.write_bytes(text.encode())
    return read_map(path)


def test_a_map_names_columns_the_match_and_the_spec(tmp_path):
    found = read(tmp_path, 'spec = "S"\nmatch = "name"\n[columns]\n"Masse (g)" = "cell.mass [g]"\n')
    assert found == ColumnMap({"Masse (g)": "cell.mass [g]"}, "name", "S")


def test_the_mapping_of_an_import_is_a_map_too(tmp_path):
    text = '[spec]\nname = "S"\n[cells]\nfile = "c.csv"\nmatch = "cell"\n[cells.columns]\nA = "cell"\n[[series]]\n'
    assert read(tmp_path, text) == ColumnMap({"A": "cell"}, "cell", "S")


def test_columns_may_be_given_as_they_are_and_nothing_is_no_map():
    assert read_map({"A": "cell"}) == ColumnMap({"A": "cell"})
    assert read_map(None) == ColumnMap()


def test_a_byte_order_mark_of_an_editor_is_no_fault(tmp_path):
    assert read(tmp_path, '\ufeff[columns]\nA = "cell"\n').columns == {"A": "cell"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[column]\nA = "cell"', "'column' means nothing here. Did you mean 'columns'?"),
        ('zzz = "cell"', "'zzz' means nothing here. Known are columns, match, spec."),
        ("[columns]\nA = 3", "'A' is 3; write the label of a column in quotes"),
        ('[columns]\nA = "cell"\nB = "cell"', "'A' and 'B' are both 'cell'. Keep one."),
        ("match = 3", "match is 3; write a name in quotes"),
        ("columns = 3", "[columns] is 3; write lines such as"),
        ("[columns]\nMasse (g) = 1", "map.toml, line 2: this is no line of TOML"),
        ('A = "x', "map.toml, the last line: this is no line of TOML"),
        ('spec = "a"\nspec = "b"', "this key stands there a second time"),
    ],
)
def test_what_is_wrong_with_a_map_is_told_where_it_stands(tmp_path, text, words):
    with pytest.raises(SheetError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)


def test_all_faults_of_a_map_come_together(tmp_path):
    with pytest.raises(SheetError) as caught:
        read(tmp_path, 'matches = "a"\nmatch = 3\n[columns]\nA = 1\nB = ""')
    assert str(caught.value).count("\n") == 4


def test_two_columns_that_are_left_out_may_have_one_label(tmp_path):
    assert len(read(tmp_path, '[columns]\nA = "_"\nB = "_"').columns) == 2


def test_a_map_that_is_no_file_or_no_text_is_one_sentence(tmp_path):
    with pytest.raises(SheetError, match="There is no file"):
        read_map(tmp_path / "nowhere.toml")
    with pytest.raises(SheetError, match="is a folder"):
        read_map(tmp_path)
    (tmp_path / "latin.toml").write_bytes("a = 1\nb = 'ä'".encode("cp1252"))
    with pytest.raises(SheetError, match=r"latin\.toml, line 2: the text is no UTF-8"):
        read_map(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(SheetError, match="more than a million characters"):
        read_map(tmp_path / "large.toml")


def test_two_headers_for_one_column_given_in_python_are_told_too():
    with pytest.raises(SheetError, match="'A' and 'B' are both 'cell'"):
        read_map({"A": "cell", "B": "cell"})
