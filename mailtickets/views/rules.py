"""Rules of the configuration as JSON and as tables: how often they match, and which of them never can.

In: the tables of `[[rule]]` and what the database counts. Out: plain values for JSON, rows of a table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailtickets.desk.rules.configured.shadows import Shadow, shadows
from mailtickets.store.read.rules import RuleCount

HEADER = ("RULE", "ON", "FIRED", "LAST", "NOTE")
DAYS = 30
"""So many days of firings are counted."""


def listed(tables: Sequence[Mapping[str, Any]], fired: Mapping[str, RuleCount]) -> list[dict[str, Any]]:
    """The rules in the order of the file, as `rule list --json` prints them."""
    faults = {shadow.number: shadow for shadow in shadows(tables)}
    return [_listed(table, fired.get(table["name"]), faults.get(at)) for at, table in enumerate(tables)]


def _listed(table: Mapping[str, Any], fired: RuleCount | None, fault: Shadow | None) -> dict[str, Any]:
    on = table.get("on") or ("new",)
    return {
        "name": table["name"],
        "on": [on] if isinstance(on, str) else list(on),
        "fired": fired.times if fired else 0,
        "days": DAYS,
        "last_at": fired.last_at if fired else None,
        "shadowed": None if fault is None else shadow_as_json(fault),
    }


def shadow_as_json(fault: Shadow) -> dict[str, Any]:
    return {"rule": fault.rule, "why": fault.why, "by": list(fault.by), "text": fault.text}


def row(rule: Mapping[str, Any]) -> Sequence[object]:
    """A rule of `listed` as a row of the table with `HEADER`."""
    return rule["name"], ", ".join(rule["on"]), rule["fired"], rule["last_at"], _note(rule)


def _note(rule: Mapping[str, Any]) -> str:
    if rule["shadowed"]:
        return str(rule["shadowed"]["text"])
    if rule["last_at"] is None:
        return "has never matched"
    return f"has not matched for {DAYS} days" if not rule["fired"] else ""
