"""Finding and reading the files of packs in a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import Manifest, PackError, PackFile, in_order
from yiwang.content.policy.reading import LARGEST_BYTES, UnreadableError, read
from yiwang.kernel import hashing

MANIFEST = "pack.yaml"
README = "README.md"
MOST_FILES = 5_000
"""Files of one pack. Our own choice: a guard against the wrong folder."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One pack as it lies on the disk."""

    manifest: Manifest
    files: tuple[PackFile, ...]
    sha256: str


@dataclass(kw_only=True)
class Found:
    """All packs of one loading, in the order in which they require each other."""

    folders: list[Folder] = field(default_factory=list)
    errors: list[PackError] = field(default_factory=list)


def find(*, root: Path, names: Sequence[str], extra: Path | None = None) -> Found:
    """Read the packs `names` and those they require, from `extra` before `root`."""

    def home(name: str) -> Path:
        own = extra is not None and (extra / name / MANIFEST).is_file()
        return extra if own and extra is not None else root

    found = Found()
    manifests: dict[str, Manifest] = {}
    digests: dict[str, str] = {}
    waiting: list[tuple[str, PackFile | None]] = [(name, None) for name in names]
    while waiting:
        name, wanted_by = waiting.pop(0)
        if name in digests:
            continue
        digests[name] = ""
        file = _manifest_file(home(name), name, wanted_by=wanted_by, errors=found.errors)
        manifest = _parse_manifest(file, found.errors) if file else None
        if file and manifest:
            manifests[name] = manifest
            digests[name] = file.sha256
            waiting.extend((required, file) for required in manifest.requires)
    if found.errors:
        return found
    try:
        order = in_order(manifests, names)
    except ValueError as error:
        found.errors.append(
            PackError(
                file=f"{root.name}/{names[0]}/{MANIFEST}",
                place="requires",
                message=f"内容包相互依赖成环：{error}。",
                remedy="请删去其中一处 requires。",
            )
        )
        return found
    for rank, name in enumerate(order):
        files = _files(home(name), manifests[name], rank=rank, errors=found.errors)
        seal = [digests[name], *(f"{file.path} {file.sha256}" for file in files)]
        found.folders.append(
            Folder(
                manifest=manifests[name],
                files=tuple(files),
                sha256=hashing.sha256("\n".join(seal).encode()),
            )
        )
    return found


def _manifest_file(
    root: Path, name: str, *, wanted_by: PackFile | None, errors: list[PackError]
) -> PackFile | None:
    shown = f"{root.name}/{name}/{MANIFEST}"
    if not _NAME.fullmatch(name):
        message = f"“{name}”不能作内容包的名称。"
        remedy = "名称由小写字母、数字、连字符和下划线组成，以字母开头。"
    elif (root / name / MANIFEST).is_file():
        return _read_file(root / name / MANIFEST, shown=shown, pack=name, section="", errors=errors)
    else:
        message = f"需要内容包“{name}”，但没有 {shown}。" if wanted_by else "没有这个文件。"
        remedy = f"请把内容包“{name}”放到 {root.name}/ 之下，或核对名称。"
    if wanted_by:
        errors.append(wanted_by.error("requires", message, remedy))
    else:
        errors.append(PackError(file=shown, place="", message=message, remedy=remedy))
    return None


def _read_file(
    path: Path, *, shown: str, pack: str, section: str, errors: list[PackError]
) -> PackFile | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        errors.append(
            PackError(
                file=shown,
                place="",
                message=f"文件打不开（{error.strerror}）。",
                remedy="请检查文件权限后重试。",
            )
        )
        return None
    if len(data) > LARGEST_BYTES:
        errors.append(
            PackError(
                file=shown,
                place="",
                message=f"文件超过上限 {LARGEST_BYTES} 字节。",
                remedy="请拆成几个文件。",
            )
        )
        return None
    try:
        answer = read(data)
    except UnreadableError as problem:
        errors.append(
            PackError(
                file=shown,
                place=problem.place,
                message=problem.message,
                remedy=problem.remedy,
                line=problem.line,
            )
        )
        return None
    return PackFile(
        pack=pack,
        section=section,
        name=path.stem,
        path=shown,
        content=answer.content,
        lines=answer.lines,
        sha256=hashing.sha256(data),
    )


def _parse_manifest(file: PackFile, errors: list[PackError]) -> Manifest | None:
    before = len(errors)
    fields = Fields(file, errors)
    name = fields.text("name", longest=40)
    title = fields.text("title", longest=100)
    version = fields.text("version", longest=40)
    effective_on = fields.day("effective_on")
    source = fields.text("source")
    requires = fields.texts("requires", required=False)
    note = fields.text("note", required=False)
    fields.done()
    if name and name != file.pack:
        fields.refuse("name", f"为“{name}”，与文件夹“{file.pack}”不同。", "请使两者一致。")
    if len(errors) > before or effective_on is None:
        return None
    return Manifest(
        name=name,
        title=title,
        version=version,
        effective_on=effective_on,
        source=source,
        requires=tuple(requires),
        note=note,
    )


def _files(root: Path, manifest: Manifest, *, rank: int, errors: list[PackError]) -> list[PackFile]:
    folder = root / manifest.name
    files: list[PackFile] = []
    for path, section in _paths(root, folder, errors):
        file = _read_file(
            path,
            shown=f"{root.name}/{path.relative_to(root)}",
            pack=manifest.name,
            section=section,
            errors=errors,
        )
        if file:
            files.append(replace(file, effective_on=manifest.effective_on, rank=rank))
    return files


def _paths(root: Path, folder: Path, errors: list[PackError]) -> list[tuple[Path, str]]:
    """Return the files of a pack with their sections; refuse what does not belong there."""
    paths: list[tuple[Path, str]] = []
    for entry in sorted(folder.iterdir()):
        if _ignored(entry) or entry.name == MANIFEST:
            continue
        if entry.is_symlink() or not (entry.is_dir() or entry.suffix == ".yaml"):
            errors.append(_stranger(root, entry))
        elif entry.is_dir():
            for path in sorted(entry.iterdir()):
                if _ignored(path):
                    continue
                if path.is_symlink() or path.is_dir() or path.suffix != ".yaml":
                    errors.append(_stranger(root, path))
                else:
                    paths.append((path, entry.name))
        else:
            paths.append((entry, entry.stem))
    if len(paths) > MOST_FILES:
        errors.append(
            PackError(
                file=f"{root.name}/{folder.name}",
                place="",
                message=f"有 {len(paths)} 个文件，超过上限 {MOST_FILES} 个。",
                remedy="请核对是否选错了文件夹，或拆成几个内容包。",
            )
        )
        return []
    return paths


def _ignored(path: Path) -> bool:
    return path.name == README or path.name.startswith(".")


def _stranger(root: Path, path: Path) -> PackError:
    return PackError(
        file=f"{root.name}/{path.relative_to(root)}",
        place="",
        message="内容包里不能有这样的文件。",
        remedy="每个部分一个文件夹，里面只放 .yaml 文件（可有一份 README.md），不用链接。",
    )
