"""A mypy plugin for Reflex, whose Vars and event handlers are made at run time.

On a state's class an attribute is a Var or a handler, so `PageState.rows` in a layout may do what Vars do, while
`self.rows` in a handler keeps its declared type. A parameter `rx.Var[Row]` says what it stands for, and may too.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.nodes import TypeInfo, Var
from mypy.plugin import AnalyzeTypeContext, AttributeContext, Plugin
from mypy.types import AnyType, Type, TypeOfAny

STATE = "reflex.state.BaseState"
VAR = "reflex_base.vars.base.Var"


class ReflexPlugin(Plugin):
    def get_class_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        owner, _, name = fullname.rpartition(".")
        found = self.lookup_fully_qualified(owner)
        if found is None or not isinstance(found.node, TypeInfo) or not found.node.has_base(STATE):
            return None
        symbol = found.node.get(name)
        declared = symbol.node if symbol else None
        if isinstance(declared, Var) and declared.is_classvar:
            return None
        return lambda context: AnyType(TypeOfAny.special_form)

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        return var_of if fullname == VAR else None


def var_of(context: AnalyzeTypeContext) -> Type:
    """What `rx.Var[T]` stands for in an annotation; `T` itself is still checked to be a type."""
    for argument in context.type.args:
        context.api.analyze_type(argument)
    return AnyType(TypeOfAny.special_form)


def plugin(version: str) -> type[Plugin]:
    """Entry point that mypy calls."""
    return ReflexPlugin
