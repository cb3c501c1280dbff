"""Prints what the rules in oracle.py decide on random states, a line each: `python3 random_states.py COUNT`.

RandomStateTests.swift draws the same states from the same generator, so that only the results have to be read.
"""
import sys

import oracle

NOW = 10_000.0
REASONS = ["DesiredWithinRange", "TooFewReplicas", "TooManyReplicas", "ScaleUpLimit", "ScaleDownLimit"]
STATE = {"seed": 1}


def draw(n):
    STATE["seed"] = (STATE["seed"] * 1103515245 + 12345) & 0x7FFFFFFF
    return (STATE["seed"] >> 8) % n


def draw_pod(target):
    phase = ("Pending", "Failed")[kind] if (kind := draw(12)) < 2 else "Running"
    deleted = draw(12) == 0
    ready = {0: False, 1: None}.get(draw(6), True)
    start = None if draw(24) == 0 else NOW - draw(500)
    transition = None if draw(24) == 0 else (NOW - 100 if start is None else start) + draw(64)
    request = None if draw(200) == 0 else 100 + 100 * draw(10)
    value = draw(2000)
    if draw(3) == 0:
        value = (request or 0) * target // 100
    metric = {"value": value, "t": NOW - draw(60), "window": 5.0 + draw(60)}
    if draw(6) == 0:
        metric = None
    return {
        "phase": phase, "deleted": deleted, "ready": ready, "start": start, "transition": transition,
        "request": request, "metric": metric}


def draw_rules(percents):
    policies = []
    for _ in range(1 + draw(3)):
        kind = ("Pods", "Percent")[draw(2)]
        value = 1 + draw(8 if kind == "Pods" else percents)
        policies.append({"type": kind, "value": value, "period_s": 15.0 * (1 + draw(8))})
    return {"select": {0: "Disabled", 1: "Min", 2: "Min"}.get(draw(8), "Max"), "policies": policies}


def draw_events(most):
    return [(1 + draw(most), NOW - 15.0 * draw(8) - 0.25 * draw(2)) for _ in range(draw(4))]


def decide():
    target = 10 + draw(140)
    least = 1 + draw(3)
    most = least + draw(20)
    current = 1 + draw(12) if draw(5) == 0 else least + draw(most - least + 1)
    pods = [draw_pod(target) for _ in range(draw(10))]
    up_tolerance, down_tolerance = 0.1, 0.1
    has_behavior = draw(2) == 0
    up, down = draw_rules(200), draw_rules(100)
    up_window = 15.0 * draw(20) if draw(3) == 0 else 0.0
    down_window = 15.0 * draw(21)
    if has_behavior and draw(3) == 0:
        up_tolerance, down_tolerance = draw(30) / 100, draw(30) / 100
    recommendations = [(1 + draw(25), NOW - 15.0 * draw(24) - 0.25 * draw(2)) for _ in range(draw(10))]
    up_events, down_events = draw_events(6), draw_events(6)
    if current > most:
        return f"bound {most}"
    if current < least:
        return f"bound {least}"
    try:
        proposal, used = oracle.proposal(current, target, pods, NOW, up_tolerance, down_tolerance)
    except oracle.Failed:
        return "failed"
    if has_behavior:
        stable = oracle.stabilized(current, proposal, recommendations, up_window, down_window, NOW)
        desired, reason = oracle.rated(current, stable, least, most, up_events, down_events, up, down, NOW)
    else:
        stable = oracle.stabilized_without_behavior(proposal, recommendations, down_window, NOW)
        desired, reason = oracle.bounded_without_behavior(current, stable, least, most)
    return f"{proposal} {used} {stable} {desired} {REASONS.index(reason)}"


if __name__ == "__main__":
    print("\n".join(decide() for _ in range(int(sys.argv[1]))))
