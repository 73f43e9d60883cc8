"""A processor that lacks what the model server needs is named before any other test."""

import processor

ALL = "flags\t\t: fpu pni ssse3 avx avx2 f16c fma bmi2 sse4_2\n"


def test_a_processor_with_all_of_it_is_not_spoken_of():
    assert processor.missing(ALL * 2) is None


def test_what_is_missing_is_named():
    told = processor.missing(ALL.replace(" avx2", "").replace(" bmi2", ""))
    assert told == "the model server needs AVX2, BMI2, which this processor does not have"


def test_one_core_of_another_kind_is_enough():
    assert "FMA" in processor.missing(ALL + ALL.replace(" fma", ""))


def test_no_flags_are_no_processor():
    assert "AVX2" in processor.missing("processor\t: 0\n")


def test_what_nobody_looked_for_is_named():
    built = "CPU : SSE3 = 1 | AVX2 = 1 | AVX_VNNI = 1 | OPENMP = 1 | AMX = 0 | "
    assert "built with AVX_VNNI," in processor.unlisted(built)
    assert processor.unlisted(built.replace("AVX_VNNI = 1 | ", "")) is None
