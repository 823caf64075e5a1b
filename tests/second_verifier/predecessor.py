"""Two files: a draw and the attempt before it (evidence-v2 §7)."""

from __future__ import annotations

from .evidence import Evidence, Failed


def check(later: Evidence, earlier: Evidence) -> None:
    """Adds the check `predecessor` to a file that has been run; `earlier` has been run too."""
    later.check("predecessor", lambda: _predecessor(later, earlier))


def _predecessor(later: Evidence, earlier: Evidence) -> str:
    for name, evidence in (("this file", later), ("the earlier file", earlier)):
        failed = [item["check"] for item in evidence.results if item["result"] != "passed"]
        if failed:
            raise Failed(f"{name} fails at {failed[0]}")
        if evidence.need("file")["audience"] != "auditor":
            raise Failed(f"{name} is not an auditor's file")
    if later.need("checkpoint").origin != earlier.need("checkpoint").origin:
        raise Failed("another origin")
    now, before = later.need("commitment"), earlier.need("commitment")
    if now.value.get("predecessor") != earlier.need("alpha").hex():
        raise Failed("the commitment names another predecessor")
    if now.value["attempt"] != before.value["attempt"] + 1 or now.value["package_tag"] != before.value["package_tag"]:
        raise Failed("not the next attempt of the package")
    stopped = earlier.of_kind("draw.stopped")
    if not stopped and not earlier.of_kind("draw.voided"):
        raise Failed("the earlier draw has not ended")
    if earlier.need("file")["life"][-1] >= now.index:
        raise Failed("the earlier draw goes on above the commitment")
    numbers, numbers_before = later.need("numbers"), earlier.need("numbers")
    back = {item["number"] for item in earlier.out()} & set(numbers)
    if back:
        raise Failed(f"out before and in the pool again: {sorted(back)}")
    kept = {
        numbers[member["position"]]: {name: n for name, n in member.items() if name != "position"}
        for member in now.value["kept"]
    }
    if kept:
        if not stopped:
            raise Failed("somebody is kept of a draw that was not stopped")
        if kept != {numbers_before[position]: how for position, how in earlier.remaining().items()}:
            raise Failed("kept are not those who remained")
        if now.value["groups"] != before.value["groups"]:
            raise Failed("the groups differ")
    return f"{len(kept)} kept"
