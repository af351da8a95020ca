"""`cellframe server verify` finds what was done to a folder, and nothing else."""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellframe.cli.main import app
from cellframe.errors import StoreError
from cellframe.server.verifying.verify import verify
from tests.cli.damaged_lab import DATABASE, Lab, age, flip
from tests.server.upload_tools import initiate, put

NIGHTLY = pytest.param(1000, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "lab"
    Lab(folder).fill()
    return folder


@pytest.fixture
def lab(template, tmp_path) -> Lab:
    return Lab(Path(shutil.copytree(template, tmp_path / "lab")))


def test_a_sound_folder_has_no_faults_and_is_left_as_it_is(lab):
    before = sorted((path, path.stat().st_mtime_ns) for path in lab.folder.rglob("*"))
    found = verify(lab.folder)
    assert (found.faults, found.notes, found.tests) == ([], [], 9)
    assert found.contents == len(list((lab.folder / "blobs").rglob("*/*")))
    after = sorted((path, path.stat().st_mtime_ns) for path in lab.folder.rglob("*"))
    assert after == before


def test_the_command_sums_up_and_ends_with_0_or_1(run, lab):
    sound = run("server", "verify", "lab")
    assert (sound.code, sound.err) == (0, "")
    assert sound.out.startswith("lab: 0 faults, 0 notes; looked at 9 tests and ")
    lab.file("steps").unlink()
    lab.file("time_series", "RPT 2").unlink()
    broken = run("server", "verify", "lab")
    assert broken.code == 1
    assert len(broken.out.splitlines()) == 3
    assert "Fault: steps.parquet of test 'RPT 1' (" in broken.out


def test_a_folder_that_is_no_services_is_told_so(run, tmp_path):
    (tmp_path / "other").mkdir()
    ran = run("server", "verify", "other")
    assert (ran.code, ran.out) == (1, "")
    assert "other is no folder of a service: it has no cellframe.sqlite" in ran.err
    assert list((tmp_path / "other").iterdir()) == []


def test_a_running_service_is_not_disturbed_and_not_accused(lab):
    with lab.served() as call:
        call.made("/cell_specifications", {"name": "another"})
        assert (lab.folder / f"{DATABASE}-wal").exists()
        assert verify(lab.folder).faults == []
        call.made("/cell_specifications", {"name": "a third"})


def test_a_database_that_is_damaged_is_told(lab):
    path = lab.folder / DATABASE
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    path.write_bytes(content)
    assert any(DATABASE in fault for fault in verify(lab.folder).faults)


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + bytes(84)])
def test_a_file_that_is_no_database_is_told(lab, content):
    (lab.folder / DATABASE).write_bytes(content)
    (fault,) = verify(lab.folder).faults
    assert DATABASE in fault
    assert "cannot be read" in fault


@pytest.mark.parametrize("version", ["0001", "9999", ""])
def test_tables_of_another_version_are_told(lab, version):
    lab.tell("UPDATE alembic_version SET version_num = ?", version)
    (fault,) = verify(lab.folder).faults
    assert f"its tables are at version '{version}'" in fault


# --- one fault each: what is done, and what the one line about it says


def _missing(lab, chance):
    lab.file("time_series").unlink()
    return "time_series.parquet of test 'RPT 1'.*is not there"


def _truncated(lab, chance):
    path = lab.file("steps")
    os.truncate(path, chance.randrange(path.stat().st_size))
    return "steps.parquet of test 'RPT 1'.*bytes instead of"


def _flipped(lab, chance):
    role = chance.choice(["time_series", "steps", "cycles"])
    path = lab.file(role)
    flip(path, chance.randrange(path.stat().st_size * 8))
    return f"{role}.parquet of test 'RPT 1'.*is damaged: its sha256 is another"


def _replaced(lab, chance):
    shutil.copyfile(lab.file("time_series", "RPT 2"), lab.file("time_series"))
    return "time_series.parquet of test 'RPT 1'.*bytes instead of"


def _linked(lab, chance):
    path = lab.file("cycles")
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    age(path.with_name("elsewhere"))
    return "cycles.parquet of test 'RPT 1'.*is no plain file"


def _picture(lab, chance):
    flip(lab.file("file", "photos 2"), chance.randrange(16))
    return "photo 0.png of test 'photos 2'.*is damaged"


def _raw(lab, chance):
    flip(lab.raw(), chance.randrange(96))
    return r"a.csv of raw data 'export' \([-0-9a-f]{36}\): blobs.*is damaged"


def _raw_size(lab, chance):
    lab.tell("UPDATE raw_data SET size_bytes = size_bytes + ?", chance.randrange(1, 99))
    return "a.csv of raw data 'export'.*bytes, and raw_data tells of"


def _size(lab, chance):
    lab.tell(
        "UPDATE files SET size = size + ? WHERE role = 'steps' AND measurement_id = "
        "(SELECT id FROM cell_measurements WHERE name = 'RPT 1')",
        chance.randrange(1, 99),
    )
    return "steps.parquet of test 'RPT 1'.*bytes, and files tells of"


def _unlisted(lab, chance):
    role = chance.choice(["time_series", "steps", "cycles"])
    lab.tell(
        "DELETE FROM files WHERE role = ? AND measurement_id = "
        "(SELECT id FROM cell_measurements WHERE name = 'RPT 1')",
        role,
    )
    return f"test 'RPT 1'.*has no file of its {role}"


def _fewer_pictures(lab, chance):
    lab.tell(
        "DELETE FROM files WHERE position = 1 AND measurement_id = "
        "(SELECT id FROM cell_measurements WHERE name = 'photos 1')"
    )
    return "test 'photos 1'.*tells of 2 files and has 1"


def _miscounted(lab, chance):
    of = chance.choice(["rows", "steps", "cycles"])
    lab.tell(
        "UPDATE cell_measurements SET file_metadata = json_set(file_metadata, '$.' || ?, 7777) "
        "WHERE name = 'RPT 1'",
        of,
    )
    return f"of test 'RPT 1'.*and the record tells of 7777 {of}"


def _orphan(lab, chance):
    lab.tell("DELETE FROM cell_instances WHERE name = 'c-1'")
    return "a row of cell_measurements .*refers to a row of cell_instances that is not there"


def _readable(lab, chance):
    paths = [lab.folder / DATABASE, lab.file("steps"), lab.file("steps").parent]
    path = chance.choice([*paths, lab.folder / "blobs"])
    path.chmod(path.stat().st_mode | chance.choice([0o040, 0o004, 0o020]))
    return f"{path.relative_to(lab.folder)} may be read or changed by other users"


def _garbage(lab, chance):
    path = lab.folder / "blobs" / "ab" / ("ab" * 32)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(0o600)
    age(path)
    return "(abab)+ belongs to no record"


def _leftover(lab, chance):
    path = lab.folder / "staging" / "1-0"
    path.touch(0o600)
    age(path)
    return "staging: 1-0 was left by an upload"


PLANTS = [
    *(_missing, _truncated, _flipped, _replaced, _linked, _picture, _raw, _raw_size),
    *(_size, _unlisted, _fewer_pictures, _miscounted, _orphan, _readable, _garbage, _leftover),
]
ONLY_NOTED = {_garbage, _leftover}


@pytest.mark.law("U7")
@pytest.mark.parametrize("times", [60, NIGHTLY])
def test_every_planted_fault_is_found_and_named(template, tmp_path, times):
    for seed in range(times):
        chance = random.Random(seed)
        lab = Lab(Path(shutil.copytree(template, tmp_path / str(seed))))
        plant = PLANTS[seed % len(PLANTS)]
        said = plant(lab, chance)
        found = verify(lab.folder)
        lines = found.notes if plant in ONLY_NOTED else found.faults
        assert any(re.search(said, line) for line in lines), (plant.__name__, seed, found)
        assert not found.faults or plant not in ONLY_NOTED
        shutil.rmtree(lab.folder)


@pytest.mark.law("U7")
def test_several_faults_are_told_at_once_and_of_each_record_they_hit(lab):
    chance = random.Random(0)
    said = [plant(lab, chance) for plant in (_missing, _picture, _readable, _size)]
    assert len(verify(lab.folder).faults) == len(said)


@pytest.mark.law("U7")
def test_the_other_records_of_a_damaged_folder_stay_readable(lab):
    _missing(lab, random.Random(1))
    lab.file("cycles").write_bytes(b"")
    ids = dict(lab.tell("SELECT name, id FROM cell_measurements"))
    with lab.served() as call:
        for name, status in (("RPT 0", 200), ("RPT 1", 500), ("RPT 2", 200)):
            path = f"/cell_measurements/{ids[name]}/cycles"
            assert call("GET", path).status == status


def test_what_came_a_moment_ago_is_on_its_way(lab):
    for plant in (_garbage, _leftover):
        plant(lab, random.Random(0))
    for path in (*(lab.folder / "staging").iterdir(), *lab.folder.rglob("abab*")):
        os.utime(path)
    found = verify(lab.folder)
    assert (found.faults, found.notes) == ([], [])


def test_an_upload_whose_file_is_gone_is_a_note(lab):
    (cell_id,) = lab.tell("SELECT id FROM cell_instances WHERE name = 'c-1'")[0]
    with lab.served() as call:
        put(call, initiate(call, f"/cell_instances/{cell_id}", "new"))
    assert verify(lab.folder).notes == []
    (staged,) = (lab.folder / "staging").iterdir()
    staged.unlink()
    assert staged.name in verify(lab.folder).notes[0]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StoreError, match="is no folder of a service"):
        verify(tmp_path / "none")


def test_the_help_names_the_command():
    told = CliRunner().invoke(app, ["server", "verify", "--help"])
    assert told.exit_code == 0
    assert "cellframe server verify lab" in told.output
