"""Papers at the window: scanned, photographed or taken in on paper, in one way on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from yiwang.cases import services
from yiwang.cases.policy.terms import PaperForm
from yiwang.cases.policy.visiting import usual_form
from yiwang.cases.queries.prechecks import findings_of
from yiwang.catalogue.policy.items import Material
from yiwang.documents import queries as documents
from yiwang.kernel.errors import RefusedError
from yiwang.web.scans import Scan, asked_file, found_again, scan
from yiwang.web.uploads import take_in
from yiwang.web.views import Page

ACCEPTED_FILES = "image/*,application/pdf"

ON_PAPER = (PaperForm.ORIGINAL, PaperForm.COPY)
"""Forms that can be chosen where paper is taken in; a file alone is always electronic."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One thing that may be handed in: its files, and its paper.

    Attributes:
        id: Part of the names of its fields: a material, or a line of a correction.
        name: What it is, for labels.
        form: In which form the paper is taken in; the usual one unless another was chosen.
        on_paper: Ticked as taken in on paper.
        files: What was scanned so far.
        error: What is wrong with the file that was just sent.
    """

    id: str
    name: str
    form: PaperForm
    on_paper: bool = False
    files: Sequence[Scan] = field(default_factory=tuple)
    error: str = ""

    @property
    def tick(self) -> str:
        """Id of the control that says it was taken in on paper."""
        return f"paper-{self.id}"

    @property
    def pick(self) -> str:
        """Id of the control that takes its file."""
        return f"file-{self.id}"

    @property
    def taken(self) -> bool:
        """Whether anything was taken in."""
        return bool(self.files or self.on_paper)


class Papers(Page):
    """A page that takes papers in; nothing is kept between requests but what it sends back.

    Attributes:
        forms: In which forms paper may be taken in.
    """

    forms: ClassVar[Sequence[PaperForm]] = ON_PAPER

    @property
    def wanted(self) -> Mapping[str, Material | None]:
        """Id of each thing that may be handed in, and the material it stands for, if it does."""
        raise NotImplementedError

    @property
    def whose(self) -> str:
        """Ref of the applicant."""
        raise NotImplementedError

    @cached_property
    def scanned(self) -> dict[str, list[str]]:
        """Id -> refs of files scanned so far, as the page sends them back."""
        return {
            key: refs for key in self.wanted if (refs := self.request.POST.getlist(f"ref_{key}"))
        }

    @property
    def on_paper(self) -> dict[str, PaperForm]:
        """Id of what was taken in on paper, and in which form."""
        ticked = self.request.POST.getlist("paper")
        return {key: self.form_of(key) for key in self.wanted if key in ticked}

    def form_of(self, key: str) -> PaperForm:
        """Return the form chosen for a paper, by default the one its item usually wants."""
        sent = self.request.POST.get(f"form_{key}", "")
        material = self.wanted[key]
        usual = usual_form(material.form) if material else PaperForm.ORIGINAL
        return next((one for one in ON_PAPER if one.value == sent), usual)

    def take_files(self) -> dict[str, str]:
        """Keep the files that came with the request; return what is wrong, by id."""
        errors = {}
        dropped = self.request.POST.getlist("drop")
        for key, material in self.wanted.items():
            kept = [ref for ref in self.scanned.get(key, ()) if ref not in dropped]
            for sent in self.request.FILES.getlist(f"file_{key}"):
                try:
                    taken = take_in(sent, by=self.actor, at=self.at)
                except RefusedError as refusal:
                    errors[key] = refusal.message
                    continue
                kept.append(taken.ref)
                if material is not None:
                    services.precheck_upload(
                        upload_ref=taken.ref,
                        material=material,
                        applicant_ref=self.whose,
                        by=self.actor,
                        at=self.at,
                    )
            if kept:
                self.scanned[key] = kept
            else:
                self.scanned.pop(key, None)
        return errors

    def sheets(self, names: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Sheet]:
        """Return what was taken in so far of each id in `names`."""
        refs = [ref for listed in self.scanned.values() for ref in listed]
        held = documents.uploads(refs)
        noticed = findings_of(refs)
        ticked = self.on_paper
        return {
            key: Sheet(
                id=key,
                name=name,
                form=self.form_of(key),
                on_paper=key in ticked,
                files=[
                    scan(held[ref], material.id if (material := self.wanted[key]) else "", noticed)
                    for ref in self.scanned.get(key, ())
                    if ref in held
                ],
                error=errors.get(key, ""),
            )
            for key, name in names.items()
        }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or what was noticed since about a file that this clerk scanned."""
        asked_about = asked_file(request)
        if asked_about is None:
            return self.empty()
        ref, material = asked_about
        upload = documents.uploads([ref]).get(ref)
        if upload is None or upload.owner_ref != self.actor.ref:
            raise Http404("no such file of this clerk")
        return found_again(request, scan(upload, material, findings_of([ref])))

    def empty(self) -> HttpResponse:
        """Show the page before anything was handed in."""
        raise NotImplementedError
