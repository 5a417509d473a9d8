from evals_samples import LENGTH, answer, citation, good_answer, read, statement

from tutor.answering.answer import Coverage
from tutor_evals.citations import defects


def the_defect(*arguments, **changes) -> str:
    (found,) = defects(answer(*arguments, **changes), read)
    return found


def test_right_answer_has_no_defect():
    """A verbatim statement whose quote stands at its offsets is in order, line breaks and markup apart."""
    assert defects(good_answer(), read) == []


def test_answer_without_statements_has_no_defect():
    """A refusal that cites nothing is in order."""
    assert defects(answer(), read) == []


def test_list_and_table_stand_in_their_quotes():
    """Items and cells are looked for without bullets and bars, each in the quotes of its statement."""
    items = statement("- Linear algebra\n- Statistics", 1, 2)
    table = statement("| Level | Pay |\n|---|---|\n| Junior | $90,000–$120,000 |", 3, 4)
    cited = ("Linear algebra", "Statistics", "| Level | Pay |", "| Junior | $90,000–$120,000 |")
    citations = tuple(citation(quote, n) for n, quote in enumerate(cited, 1))
    assert defects(answer(items, table, citations=citations), read) == []


def test_shifted_offsets_are_found():
    """A quote that is right but not at its offsets is a defect."""
    shifted = citation(LENGTH, start=0, end=len(LENGTH))
    assert "[1] quotes what does not stand" in the_defect(statement(LENGTH), citations=(shifted,))


def test_offsets_outside_are_found():
    """Offsets beyond the end of the document are a defect."""
    beyond = citation(LENGTH, end=10_000)
    assert "[1] lies outside" in the_defect(statement(LENGTH), citations=(beyond,))


def test_changed_quote_is_found():
    """A quote in which one figure differs is a defect, and so is the statement that repeats it."""
    changed = citation(LENGTH, quote=LENGTH.replace("6–8", "6–9"))
    assert "[1] quotes what does not stand" in the_defect(
        statement(LENGTH.replace("6–8", "6–9")), citations=(changed,)
    )


def test_unknown_document_is_found():
    """A citation of a document that is not stored is a defect."""
    unknown = citation(LENGTH, document_id="gone")
    assert "[1] names no stored document" in the_defect(statement(LENGTH), citations=(unknown,))


def test_statement_beside_its_quote_is_found():
    """A verbatim statement that adds a word to its quote is a defect; a rewritten one is judged elsewhere."""
    cited = (citation(LENGTH),)
    added = "Python always takes 6–8 weeks."
    assert "statement 1 is not in its quotes" in the_defect(statement(added), citations=cited)
    assert defects(answer(statement(added, verdict="entailed"), citations=cited), read) == []


def test_citation_that_is_not_there_is_found():
    """A statement, and a marker in the text, must name a citation of the answer."""
    found = defects(answer(statement(LENGTH, 1, 9), citations=(citation(LENGTH),)), read)
    assert found == ["statement 1 cites a number that is not there", "markers resolve to nothing: [9]"]


def test_unused_and_doubled_citations_are_found():
    """A citation that proves nothing is a defect, and so is a number given twice."""
    unused = (citation(LENGTH), citation("Statistics", 2))
    assert the_defect(statement(LENGTH), citations=unused) == "citations of no statement: [2]"
    doubled = (citation(LENGTH), citation(LENGTH))
    assert the_defect(statement(LENGTH), citations=doubled) == "two citations have the same number"


def test_not_covered_states_nothing():
    """An answer that says it does not know must not state anything."""
    cited = (citation(LENGTH),)
    assert "not covered, and yet" in the_defect(
        statement(LENGTH), citations=cited, coverage=Coverage.NOT_COVERED
    )


def test_brackets_in_code_are_no_markers():
    """`rows[0]` in a fence or between ticks cites nothing; the same in prose does."""
    code = good_answer().model_copy(
        update={"text": good_answer().text + "\n\n```\nrows[0]\n```\n\nand `rows[7]`"}
    )
    assert defects(code, read) == []
    prose = good_answer().model_copy(update={"text": good_answer().text + " rows [7]"})
    assert defects(prose, read) == ["markers resolve to nothing: [7]"]
