"""`PromptBuilder`: the form."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.show.h import join
from workbench.show.parts import framed
from workbench.widgets import given
from workbench.widgets.builder import blank
from workbench.widgets.builder.aside import Aside, plain, static_html
from workbench.widgets.builder.cache import Cache
from workbench.widgets.builder.desk import Desk
from workbench.widgets.builder.documents import Documents
from workbench.widgets.builder.draft import Draft
from workbench.widgets.builder.judging import Debounce, Judgement, judge, text_of
from workbench.widgets.builder.kept import Lost, Offer
from workbench.widgets.builder.parts import Words, button, line, stack
from workbench.widgets.builder.settings import Output, Settings, Thinking
from workbench.widgets.builder.tools import Tools
from workbench.widgets.builder.trying import Trying
from workbench.widgets.builder.turns import Messages, System
from workbench.widgets.builder.unrun import Unrun
from workbench.widgets.builder.values import Values
from workbench.widgets.builder.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.client import Client
    from workbench.lint import Findings
    from workbench.reply import Reply
    from workbench.widgets.builder.figures import Figures
    from workbench.wire import Request

PRESELECTED = "the prompt names no model: this one was chosen for it"


class PromptBuilder:
    """A form for a prompt: blocks, documents, tools, settings; findings, tokens and cost beside it.

    What it holds can be used in the next cell at any moment: ``builder.prompt``, ``builder.request``,
    ``builder.reply``. Every run is kept with its prompt in ``runs/builder-NAME/versions.jsonl``.

    What is typed and not run yet is kept beside it, in a ``draft-….json`` of the form's own. After a restart
    of the kernel the next form of the folder offers it, to restore (Undo takes it out again) or to discard;
    it never stands in for the prompt given here.

    ::

        builder = wb.PromptBuilder(client=client)
        builder

    Args:
        prompt: Where to begin: a prompt, a request or its body, or the text of the user turn; one empty user
            turn without it. Where it names no model, that of an empty form is chosen, and the form says so.
        client: Who sends; without one a `Client` is made at the first run.
        name: Names the folder of the versions.
        versions: Another folder for versions and draft; None keeps them in memory only.
    """

    def __init__(
        self,
        prompt: Prompt | Request | Mapping[str, Any] | str | None = None,
        client: Client | None = None,
        *,
        name: str = "prompt",
        versions: str | Path | None = "",
    ) -> None:
        if not re.fullmatch(r"[\w.-]{1,80}", name) or name.startswith("."):
            raise UsageError(
                f"the name of a builder is a file name: letters, digits, _ . and -; not {name!r}"
            )
        self.name = name
        self.draft, self._preselected = _draft(given.prompt(prompt))
        self._client = client
        self._sender: Client | None = None
        self._exact: tuple[str, int] | None = None
        self._judged: tuple[Any, Judgement] | None = None
        self._begun = prompt is not None
        folder = Path("runs") / f"builder-{name}" if versions == "" else versions
        self._versions = Versions.open(None if folder is None else Path(folder))
        self.desk = Desk(self.draft)
        self.desk.betas = client.betas if client is not None else ()
        self._build()
        self._settle_soon = Debounce(self._settle)
        self.desk.heard = self._heard
        self.desk.focus = self.aside.focus_on
        self.desk.look = self.aside.look_at
        self.draft.watch(self._changed)
        self._show(None)
        self._judge()

    # --- live values ---------------------------------------------------------------------------------

    @property
    def prompt(self) -> Prompt:
        """The prompt as it stands.

        Raises:
            PromptError, WireError: It is none yet; the message names the place.
        """
        return self.draft.prompt

    @property
    def request(self) -> Request:
        """The request for the sample values; a name without a value stands as ``«name»``.

        Raises:
            PromptError, WireError: As `prompt`.
        """
        return self.draft.request()

    @property
    def reply(self) -> Reply | None:
        """The newest answer; None before the first."""
        return self.trying.reply

    @property
    def replies(self) -> list[Reply | None]:
        """The newest answers, by column."""
        return list(self.trying.replies)

    @property
    def findings(self) -> Findings:
        """What lint says of the request as it stands."""
        return self._now().findings

    @property
    def figures(self) -> Figures | None:
        """Tokens and dollars of the request as it stands; None where there is none yet."""
        return self._now().figures

    @property
    def versions(self) -> Versions:
        """What was run before."""
        return self._versions

    # --- what a cell can do --------------------------------------------------------------------------

    def use(self, data: Any) -> None:
        """Take sample values from rows of a dataset; what `Dataset.load` takes will do.

        Raises:
            DatasetError: It cannot be read.
        """
        self.values.use(data)

    def add_tool(self, function: Callable[..., Any]) -> None:
        """Add a tool made of a Python function: its name, docstring and annotations.

        Raises:
            PromptError: A parameter that no schema can describe; the message names it.
        """
        typed = not self.unrun.idle
        self.tools.add_function(function)
        if not typed:
            self.unrun.rebase()

    def undo(self) -> None:
        """Take the last step back."""
        self.draft.undo()

    def redo(self) -> None:
        """Take a step again that was taken back."""
        self.draft.redo()

    def run(self) -> None:
        """Send the request; the answer streams below the form. `wait` waits for it.

        Raises:
            UsageError, PromptError, WireError: There is no request yet, or a name has no value.
        """
        self.trying.run()

    def wait(self, timeout_s: float | None = None) -> list[Reply | None]:
        """Wait until the run has ended; return its answers by column."""
        return self.trying.wait(timeout_s)

    def stop(self) -> None:
        """Stop what runs; what came stays."""
        self.trying.stop()

    def settle(self) -> None:
        """Judge what was changed, and keep it, now instead of after a rest."""
        self._settle_soon.flush()

    def close(self) -> None:
        """Take the form away and stop what runs; what was not run stays on the disk as a draft."""
        self._settle_soon.cancel()
        self.unrun.close()
        self.trying.close()
        self.widget.close()

    def has_field(self, path: str) -> bool:
        """Tell whether what stands at *path* has a field on the form."""
        return self.desk.field_at(path) is not None

    def go_to(self, path: str) -> None:
        """Open the section of the field at *path* and put the cursor there."""
        if not self.desk.go(path):
            raise UsageError(f"{path or 'the request as a whole'} has no field of its own on the form")

    def go_to_value(self, name: str) -> None:
        """Open the section of the values and put the cursor into the one of *name*."""
        if not self.values.go(name):
            raise UsageError(f"{{{{{name}}}}} stands nowhere in the prompt any more")

    def apply(self, index: int) -> None:
        """Apply the fix of the finding with this index.

        Raises:
            UsageError: It has none.
        """
        judged = self._now()
        cure = judged.fixes[index] if 0 <= index < len(judged.fixes) else None
        if cure is None:
            raise UsageError("this finding has no fix that needs no decision")
        self.draft.replace(cure.body)
        self.settle()

    def take_files(self) -> None:
        """Make ready for files: what was said of those before goes."""
        self.documents.begin()
        self.documents.open()

    def take_file(self, name: str, kind: str, data: bytes) -> None:
        """Take an uploaded file, or say beside the upload why not."""
        self.documents.take_file(name, kind, data)

    def not_taken(self, said: str) -> None:
        """Say beside the upload why a file was not sent."""
        self.documents.refuse(said)

    def take_typed(self, cls: str, typed: str) -> None:
        """Take what stands in an input of the page."""
        self.desk.take(cls, typed)

    def press(self, what: str) -> None:
        """Do what a key asks for: ``run``, ``undo`` or ``redo``; what is wrong stands beside the button."""
        {"run": self.trying.start.click, "undo": self.undo, "redo": self.redo}[what]()

    def first_field(self) -> str:
        """Return the class of the field to begin in, once: that of the one empty turn of a new form."""
        begun, self._begun = self._begun, True
        field = None if begun else self.desk.field_at("messages[0].content[0].text")
        return field.cls if field is not None else ""

    def rebuild(self, text: str) -> str:
        """Make the prompt anew from its Python, JSON or curl; one step, which can be undone.

        Raises:
            WorkbenchError: What cannot be read, with its line; nothing is changed then.
        """
        from workbench.prompt import code

        if not text.strip():
            raise UsageError("paste Python, JSON or curl first")
        prompt = code.read(text)
        self.draft.replace(prompt.wire())
        self.settle()
        turns = len(prompt.wire()["messages"])
        return f"rebuilt: {prompt.model or 'no model'}, {turns} turn{'s' * (turns != 1)}"

    def count(self) -> int:
        """Let the service count the input tokens of the request: free, and exact.

        Raises:
            WorkbenchError: There is no request yet, or the service did not answer.
        """
        request = self.request
        tokens = self._sending().count_tokens(request)
        self._exact = (request.key, tokens)
        self._judge()
        return tokens

    def text(self, which: str) -> str:
        """Return the exact ``python``, ``json`` or ``curl`` text of the prompt."""
        return text_of(which, self.draft.body, self.draft.values, self.desk.betas)

    # --- showing -------------------------------------------------------------------------------------

    def __str__(self) -> str:
        judged = self._now()
        head = str(self.prompt) if not judged.problem else "Prompt, not yet complete"
        return f"{head}\n{plain(judged)}"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        from workbench.show import fragment

        judged = self._now()
        noun = fragment(self.prompt) if not judged.problem else None
        made: dict[str, Any] = dict(self.widget._repr_mimebundle_(**options) or {})
        text = str(self).encode("utf-8", "backslashreplace").decode()
        return {**made, "text/plain": text, "text/html": framed(join([noun, static_html(judged)]))}

    # --- inside --------------------------------------------------------------------------------------

    def _build(self) -> None:
        desk = self.desk
        self.system = System(desk, is_open=True)
        self.messages = Messages(desk, is_open=True, edit=self.go_to)
        self.documents = Documents(desk, is_open=True)
        self.tools = Tools(desk)
        self.thinking = Thinking(desk)
        self.output = Output(desk)
        self.cache = Cache(desk)
        self.settings = Settings(desk)
        self.values = Values(desk)
        self.sections = (
            self.system, self.messages, self.documents, self.values, self.tools, self.thinking,
            self.output, self.cache, self.settings,
        )  # fmt: skip
        self.preselected = Words(cls="wb-dim")
        self.aside = Aside(self)
        self.trying = Trying(desk, self._sending, self._versions)
        self.trying.place = lambda: self.values.place
        self.trying.saved = lambda place: self.values.use(place, -1)
        self._undo = button("Undo", self.undo, hint="take the last step back")
        self._redo = button("Redo", self.redo, hint="take the step again")
        self.offer = Offer(self.trying.history, self._versions.last)
        self.unrun = Unrun(self.draft, self._versions, lambda: self.values.given)
        self.trying.ended = self._keep
        self.lost = Lost(
            self.trying.history, self.unrun, then=lambda: self.desk.focus(self.settings.model.cls)
        )
        top = line(self.settings.model.box, self._undo, self._redo, self.offer.widget, cls="wb-top")
        left = stack(
            top, self.preselected.widget, *(section.widget for section in self.sections), cls="wb-form"
        )
        both = line(left, stack(self.trying.bar, self.aside, cls="wb-side"), cls="wb-sides")
        self.widget = stack(self.lost.widget, both, self.trying.widget, cls="wb-builder")

    def _changed(self, keys: set[str]) -> None:
        self._show(keys)
        self._settle_soon()

    def _heard(self) -> None:
        """Something beside the draft changed: a value, the betas."""
        self.values.refresh()
        self.settings.betas.show()
        self.thinking.refresh()
        self._settle_soon()

    def _show(self, keys: set[str] | None) -> None:
        self.desk.count_marks()
        for section in self.sections:
            if keys is None or not section.keys or section.keys & keys:
                section.refresh()
        asked = self.desk.model_asked
        self.preselected.say(PRESELECTED if asked and asked == self._preselected else "")
        self._undo.disabled, self._redo.disabled = not self.draft.can_undo, not self.draft.can_redo

    def _state(self) -> Any:
        return self.draft.body, dict(self.draft.values), self.desk.betas, self._exact

    def _now(self) -> Judgement:
        """Return the judgement of the draft as it stands, made now where it changed."""
        state = self._state()
        if self._judged is None or self._judged[0] != state:
            body, values, betas, _ = state
            self._judged = (state, judge(body, values, betas, self._exact_for))
        return self._judged[1]

    def _settle(self) -> None:
        self._judge()
        self._keep()

    def _judge(self) -> None:
        self.aside.show(self._now())

    def _keep(self) -> None:
        """Keep what is typed on the disk, and say what there is to say about it."""
        self.unrun.keep()
        self.lost.show()

    def _exact_for(self, request: Request) -> int | None:
        return self._exact[1] if self._exact and self._exact[0] == request.key else None

    def _sending(self) -> Client:
        """Return the client that sends, with the betas of the form."""
        from workbench.client import Client

        if self._client is None:
            self._client = Client()
        if self._sender is None or self._sender.betas != self.desk.betas:
            # The same connections, store and emulator: only the header is another one.
            self._sender = copy.copy(self._client)
            self._sender.betas = self.desk.betas
        return self._sender


def _draft(given: Prompt | None) -> tuple[Draft, str]:
    """Return where the form begins, and the model that was chosen for it; empty: it names one itself."""
    if given is None or given.model:
        return Draft(given), ""
    body = blank.begun(given.wire())
    return Draft(Prompt.from_wire(body, name=given.name)), body["model"]
