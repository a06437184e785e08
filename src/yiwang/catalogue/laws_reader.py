"""Reads a corpus of article texts from disk: `articles.parquet`, or the folder that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yiwang.catalogue.services import Article
from yiwang.kernel.errors import RefusedError

FILE_NAME = "articles.parquet"
COLUMNS = ("law", "date", "category", "chapter", "article", "text")
ROWS_A_BATCH = 5_000

CODE = "民法典"
"""Category whose parts (总则编 …) are one law: their articles are numbered through."""


class CorpusRefusedError(RefusedError):
    """The corpus of laws cannot be read."""

    code = "catalogue.corpus_refused"


def read_articles(path: Path) -> Iterator[Article]:
    """Yield the articles of the corpus at `path`, a few thousand in memory at a time.

    Args:
        path: `articles.parquet`, or a folder with it, with the columns of `COLUMNS` as text;
            `date` is the ISO date of the law's text, or empty.

    Raises:
        CorpusRefusedError: no such file, not readable, a column missing, or the optional
            library is not installed.
    """
    return _rows(_opened(path))


def read_article_keys(path: Path) -> dict[str, tuple[str, str, str]]:
    """Return the corpus's own number of each article -> its law, the law's date, its number.

    Raises:
        CorpusRefusedError: as `read_articles`, or the corpus has no column art_id.
    """
    corpus = _opened(path)
    if "art_id" not in corpus.schema_arrow.names:
        raise CorpusRefusedError("法规库缺少列 art_id，不能对应标注的问题；请换用带编号的法规库。")
    numbers = (
        row["art_id"]
        for batch in corpus.iter_batches(batch_size=ROWS_A_BATCH, columns=["art_id"])
        for row in batch.to_pylist()
    )
    rows = _rows(corpus)
    return {
        number: (row.law, row.version, row.article)
        for number, row in zip(numbers, rows, strict=True)
    }


def _opened(path: Path) -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise CorpusRefusedError(
            "读取法规库需要 pyarrow，当前没有安装；请执行 uv sync --extra laws 后重试。"
        ) from error
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise CorpusRefusedError(f"{file} 不存在；请给出 {FILE_NAME} 或者它所在的文件夹。")
    try:
        corpus = pyarrow.parquet.ParquetFile(file)
    except (OSError, ValueError) as error:
        raise CorpusRefusedError(
            f"{file} 不是可以读取的 parquet 文件，可能没有下载完整；请重新取得后重试。"
        ) from error
    missing = [name for name in COLUMNS if name not in corpus.schema_arrow.names]
    if missing:
        raise CorpusRefusedError(
            f"{file} 缺少列 {'、'.join(missing)}；法规库应有列 {'、'.join(COLUMNS)}。"
        )
    return corpus


def _rows(corpus: Any) -> Iterator[Article]:
    for batch in corpus.iter_batches(batch_size=ROWS_A_BATCH, columns=list(COLUMNS)):
        for row in batch.to_pylist():
            law, chapter = row["law"] or "", row["chapter"] or ""
            if row["category"] == CODE:
                law, chapter = CODE, f"{law} {chapter}".strip()
            yield Article(
                law=law,
                version=str(row["date"] or ""),
                category=row["category"] or "",
                chapter=chapter,
                article=row["article"] or "",
                text=row["text"] or "",
            )
