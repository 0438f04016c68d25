"""Every format holds the same figures, read back by other people's programs."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pdfplumber
import pytest

from switch.language import Language
from switch.reports.formats import FORMS
from switch.reports.formats.document import Document, TooLong
from switch.reports.formats.separated import defused
from switch.reports.formats.workbook import Workbook
from switch.reports.formats.writers import WRITERS
from switch.reports.question import Format
from switch.reports.said import Said
from switch.reports.sheet import Column, Definition, Kind, Sheet, Value, settle
from tests.switch.reports.reading import comparable, notes, read

MADRID = ZoneInfo("Europe/Madrid")
COLUMNS = tuple(Column(kind.value, Said(f"The {kind.value}", f"El {kind.value}"), kind) for kind in Kind)
SAID = Definition("service_level.v1", "answered within the threshold, of all who were answered or gave up")
LONG = 200


def sheet(language: Language = Language.EN) -> Sheet:
    lines = [("Period", "2026-10-25"), ("Queue", "support")]
    return Sheet("queues", "Queues", lines, COLUMNS, [SAID], language)


def row(i: int) -> list[Value]:
    """One of each kind; now and then nothing."""
    values: dict[Kind, Value] = {
        Kind.TEXT: f"+3460011{i:04}",
        Kind.COUNT: i * 7,
        Kind.SECONDS: i / 3,
        Kind.DURATION: i * 3661.4,
        Kind.SHARE: i % 100 / 99,
        Kind.SCORE: 1 + i % 36 / 9.7,
        Kind.TIME: datetime(2026, 10, 25, 2, i % 60, 59, 999_999, MADRID, fold=i % 2),
        Kind.DAY: date(2026, 10, 1 + i % 28),
    }
    return [None if i % 9 == n and kind is not Kind.TEXT else values[kind] for n, kind in enumerate(Kind)]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("form", Format)
def test_what_was_written_is_read_back(form: Format, language: Language, tmp_path: Path) -> None:
    about, path = sheet(language), tmp_path / f"report{FORMS[form].suffix}"
    rows = [settle(COLUMNS, row(i)) for i in range(LONG)]
    writer = WRITERS[form](path, about)
    for each in rows:
        writer.row(each)
    writer.close()
    assert read(form, path, about) == comparable(about, rows)
    told = " ".join(notes(form, path).split())
    assert "service_level.v1" in told
    assert "of all who were answered" in told
    assert "2026-10-25" in told
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", Format)
def test_a_report_of_nothing(form: Format, tmp_path: Path) -> None:
    path = tmp_path / f"report{FORMS[form].suffix}"
    WRITERS[form](path, sheet()).close()
    assert read(form, path, sheet()) == []


def test_no_caller_runs_a_formula() -> None:
    evil = ("=1+1", "+34", "-1", "@A1", "\tx", "\rx")
    assert [defused(text) for text in evil] == [f"'{text}" for text in evil]
    assert [defused(text) for text in ("ana", "a=1", "")] == ["ana", "a=1", ""]


@pytest.mark.parametrize("form", [Format.CSV, Format.CSV_ES, Format.XLSX])
def test_formulas_are_text(form: Format, tmp_path: Path) -> None:
    path, evil = tmp_path / f"report{FORMS[form].suffix}", "=HYPERLINK(A1)"
    about = Sheet("calls", "=1", [("Queue", "=2")], COLUMNS[:1], [], Language.EN)
    writer = WRITERS[form](path, about)
    writer.row([evil])
    writer.close()
    if form is Format.XLSX:
        cells = [cell for line in openpyxl.load_workbook(path).active.iter_rows() for cell in line]
        assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    else:
        assert f"'{evil}" in path.read_text(encoding="utf-8-sig").splitlines()


def test_a_worksheet_that_is_full_goes_on_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    writer = Workbook(path, sheet(), most_rows=10)
    rows = [settle(COLUMNS, row(i)) for i in range(25)]
    for each in rows:
        writer.row(each)
    writer.close()
    assert openpyxl.load_workbook(path).sheetnames == ["queues", "queues 2", "queues 3"]
    assert read(Format.XLSX, path, sheet()) == comparable(sheet(), rows)


def test_a_pdf_has_headings_and_a_number_on_each_page(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    writer = Document(path, sheet(Language.ES))
    for i in range(LONG):
        writer.row(settle(COLUMNS, row(i)))
    writer.close()
    with pdfplumber.open(path) as pdf:
        assert len(pdf.pages) > 3
        for number, page in enumerate(pdf.pages, 1):
            text = page.extract_text()
            assert f"Página {number}" in text
            assert "duration" in text


def test_a_pdf_without_end_is_refused(tmp_path: Path) -> None:
    writer = Document(tmp_path / "report.pdf", sheet(), most_rows=2)
    for i in range(2):
        writer.row(settle(COLUMNS, row(i)))
    with pytest.raises(TooLong, match="2 rows at most, and this report has more: ask for xlsx or csv"):
        writer.row(settle(COLUMNS, row(3)))
    writer.close()


def test_texts_too_wide_for_a_page_are_cut_and_figures_never(tmp_path: Path) -> None:
    columns = (*COLUMNS[:2], Column("other", Said("Other", "Otro"), Kind.TEXT))
    writer = Document(tmp_path / "report.pdf", Sheet("calls", "Calls", [], columns, [], Language.EN))
    writer.row(["x" * 400, 123_456_789, "y" * 300])
    writer.close()
    with pdfplumber.open(tmp_path / "report.pdf") as pdf:
        text = pdf.pages[0].extract_text()
        assert "123456789" in text
        assert "xxx..." in text
        assert max(word["x1"] for word in pdf.pages[0].extract_words()) < pdf.pages[0].width
