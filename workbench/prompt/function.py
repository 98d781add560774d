"""A Python function as a tool."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from workbench.errors import PromptError
from workbench.wire import CustomTool

if TYPE_CHECKING:
    from collections.abc import Callable


def tool(function: Callable[..., Any]) -> CustomTool:
    """Return the tool that *function* is: name, description, parameters.

    Raises:
        PromptError: Something that cannot be described; it names the parameter.
    """
    from pydantic import create_model

    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        if parameter.annotation is parameter.empty:
            raise PromptError(f"{function.__name__}: {name} has no annotation; write {name}: str")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (parameter.annotation, default)
    schema = create_model(function.__name__, **fields).model_json_schema()
    return CustomTool(
        name=function.__name__,
        description=inspect.getdoc(function) or "",
        input_schema={**schema, "additionalProperties": False},
    )
