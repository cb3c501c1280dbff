"""The rules of the HorizontalPodAutoscaler controller (Kubernetes 1.36), in plain Python, for differential tests.

It agrees with all vectors in Vectors. Not covered: AverageValue, object and external metrics, several metrics at once, the work
queue.
"""
import math


class Failed(Exception):
    """The metric gives no proposal: the controller does nothing and records nothing."""


def classify(pods, now, cpu_initialization=300.0, initial_readiness=30.0):
    """pods: dicts of phase, deleted, ready (True, False or None for unknown), start, transition (of the Ready condition),
    metric (None or {value, t, window}); times in seconds. Returns (ready, unready, missing, ignored) as lists of pods."""
    ready, unready, missing, ignored = [], [], [], []
    for p in pods:
        if p.get("deleted") or p["phase"] == "Failed":
            ignored.append(p)
        elif p["phase"] == "Pending":
            unready.append(p)
        elif p["metric"] is None:
            missing.append(p)
        elif p.get("start") is None or p.get("transition") is None:
            unready.append(p)
        elif p["start"] + cpu_initialization > now:
            late = p["ready"] is False or p["metric"]["t"] < p["transition"] + p["metric"]["window"]
            (unready if late else ready).append(p)
        else:
            never = p["ready"] is False and p["start"] + initial_readiness > p["transition"]
            (unready if never else ready).append(p)
    return ready, unready, missing, ignored


def utilization(values, requests):
    total = sum(requests)
    if not values or total == 0:
        raise Failed("no metrics")
    return sum(values) * 100 // total


def proposal(current, target, pods, now, tolerance_up=0.1, tolerance_down=0.1, **periods):
    """Replicas that CPU utilization (percent of the request, target in percent) asks for, and the utilization seen.

    Every pod carries `request` (millicores; None fails the metric) and `metric.value` (millicores)."""
    ready, unready, missing, ignored = classify(pods, now, **periods)
    if not ready:
        raise Failed("no pod with a metric that counts")
    if any(p["request"] is None for p in pods):
        raise Failed("a pod has no CPU request")
    used = utilization([p["metric"]["value"] for p in ready], [p["request"] for p in ready])
    ratio = used / target
    within = lambda r: 1.0 - tolerance_down <= r <= 1.0 + tolerance_up
    rebase = bool(unready) and ratio > 1
    if not rebase and not missing:
        return (current if within(ratio) else math.ceil(ratio * len(ready))), used
    counted = [(p["metric"]["value"], p["request"]) for p in ready]
    if ratio < 1:
        counted += [(p["request"] * max(100, target) // 100, p["request"]) for p in missing]
    elif ratio > 1:
        counted += [(0, p["request"]) for p in missing]
    if rebase:
        counted += [(0, p["request"]) for p in unready]
    again = utilization([v for v, _ in counted], [r for _, r in counted]) / target
    if within(again) or ratio < 1 < again or again < 1 < ratio:
        return current, used
    wanted = math.ceil(again * len(counted))
    if again < 1 and wanted > current or again > 1 and wanted < current:
        return current, used
    return wanted, used


def limit(current, up_events, down_events, rules, now, direction):
    """Replicas that the policies of one direction allow. Events: (change, time). rules: {select, policies: [{type, value, period_s}]}."""
    if rules["select"] == "Disabled":
        return current
    within = lambda events, period: sum(change for change, t in events if t > now - period)
    found = []
    for policy in rules["policies"]:
        start = current - within(up_events, policy["period_s"]) + within(down_events, policy["period_s"])
        if policy["type"] == "Pods":
            found.append(start + direction * policy["value"])
        elif direction > 0:
            found.append(math.ceil(start * (1 + policy["value"] / 100)))
        else:
            found.append(int(start * (1 - policy["value"] / 100)))
    return (max if (direction > 0) == (rules["select"] != "Min") else min)(found)


def rated(current, desired, least, most, up_events, down_events, up, down, now):
    """With `behavior`: the stabilized proposal held to rates and bounds, and the condition's reason."""
    if desired > current:
        allowed = max(limit(current, up_events, down_events, up, now, +1), current)
        cap, reason = (allowed, "ScaleUpLimit") if most > allowed else (most, "TooManyReplicas")
        return (cap, reason) if desired > cap else (desired, "DesiredWithinRange")
    if desired < current:
        allowed = min(limit(current, up_events, down_events, down, now, -1), current)
        floor, reason = (allowed, "ScaleDownLimit") if least < allowed else (least, "TooFewReplicas")
        return (floor, reason) if desired < floor else (desired, "DesiredWithinRange")
    return desired, "DesiredWithinRange"


def stabilized(current, desired, recommendations, up_window, down_window, now):
    """With `behavior`. recommendations: (replicas, time) of earlier unstabilized proposals; strictly newer than the cut-off count."""
    highest = max([desired] + [r for r, t in recommendations if t > now - down_window])
    lowest = min([desired] + [r for r, t in recommendations if t > now - up_window])
    return min(max(current, lowest), highest)


def stabilized_without_behavior(desired, recommendations, window, now):
    return max([desired] + [r for r, t in recommendations if t >= now - window])


def bounded_without_behavior(current, desired, least, most):
    """Without `behavior`: at most double (or 4) at a sync, and the reason."""
    allowed = max(2 * current, 4)
    cap, reason = (allowed, "ScaleUpLimit") if most > allowed else (most, "TooManyReplicas")
    if desired < least:
        return least, "TooFewReplicas"
    return (cap, reason) if desired > cap else (desired, "DesiredWithinRange")
