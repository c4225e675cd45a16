"""Conditions in one line, much as the file has them: for the trace. Pure; fails with nothing."""

from mailtickets.config.comparing import Compared
from mailtickets.config.rules import Attached, Condition


def written(condition: Condition) -> str:
    """The keys of a condition and their values."""
    return ", ".join(f"{key} = {in_short(value)}" for key, value in condition.said())


def in_short(value: object) -> str:
    """The value of a key. A list of one stands as the one."""
    match value:
        case bool():
            return "true" if value else "false"
        case Compared():
            return f'"{value.written}"'
        case Attached():
            keys = [f"{key} = {in_short(item)}" for key, item in value if key != "none" and item is not None]
            return f"{{ {', '.join(keys)} }}" if keys else in_short(not value.none)
        case Condition():
            return f"{{ {written(value)} }}"
        case tuple():
            return _of_several(value)
    return f'"{value}"'


def _of_several(values: tuple[object, ...]) -> str:
    if values and all(isinstance(one, tuple) for one in values):  # a table: names, each with its value
        pairs = [one for one in values if isinstance(one, tuple)]
        return f"{{ {', '.join(f'{name} = {in_short(item)}' for name, item in pairs)} }}"
    return in_short(values[0]) if len(values) == 1 else f"[{', '.join(map(in_short, values))}]"
