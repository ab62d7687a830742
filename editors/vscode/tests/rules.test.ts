import assert from "node:assert/strict";
import { test } from "node:test";
import { type Finding, pagePath, parseRules, ruleAt, ruleOfPage } from "../src/rules";
import { appearance } from "../src/status";

function finding(rule: string, from: [number, number], to: [number, number]): Finding {
    const position = ([line, character]: [number, number]) => ({ line, character });
    return { source: "proxycheck", rule, range: { start: position(from), end: position(to) } };
}

test("a page's path leads back to its rule", () => {
    assert.equal(ruleOfPage(pagePath("copy-of-proxy")), "copy-of-proxy");
    assert.equal(ruleOfPage("/copy-of-proxy.md"), "copy-of-proxy");
    assert.equal(ruleOfPage("../etc/passwd"), undefined);
    assert.equal(ruleOfPage(""), undefined);
});

test("the rule at the cursor is that of the innermost finding", () => {
    const findings = [
        finding("outer", [3, 0], [5, 2]),
        finding("inner", [4, 4], [4, 10]),
        { ...finding("other-tool", [4, 6], [4, 7]), source: "ruff" },
    ];
    const at = (line: number, character: number) => ruleAt(findings, { line, character }, "");
    assert.equal(at(4, 6), "inner");
    assert.equal(at(4, 10), "inner");
    assert.equal(at(4, 11), "outer");
    assert.equal(at(3, 0), "outer");
    assert.equal(at(5, 3), undefined);
});

test("else it is that of the first finding in the line", () => {
    const findings = [finding("second", [1, 8], [1, 9]), finding("first", [1, 4], [1, 5])];
    assert.equal(ruleAt(findings, { line: 1, character: 0 }, ""), "first");
    assert.equal(ruleAt(findings, { line: 2, character: 0 }, ""), undefined);
});

test("a comment names rules", () => {
    const line = "x is y  # proxycheck: ignore[copy-of-proxy, size-of-proxy]";
    const at = (text: string) =>
        ruleAt(
            [finding("found", [0, 0], [0, 6])],
            { line: 0, character: line.indexOf(text) },
            line,
        );
    assert.equal(at("of-proxy,"), "copy-of-proxy");
    assert.equal(at("size"), "size-of-proxy");
    assert.equal(at("proxycheck"), "found");
});

test("the list of rules is read", () => {
    const output = '[{"name": "a-b", "summary": "detects", "level": "warn", "url": null}]';
    assert.deepEqual(parseRules(output), [{ name: "a-b", summary: "detects", level: "warn" }]);
    assert.throws(() => parseRules("{}"), /no list/);
});

test("the status tells the version and what is wrong", () => {
    assert.match(appearance({ kind: "starting" }).text, /loading/);
    const running = appearance({ kind: "running", version: "0.1.0", path: "/x/proxycheck" });
    assert.equal(running.tooltip, "proxycheck 0.1.0 is running (/x/proxycheck)");
    assert.equal(running.isError, false);
    assert.match(appearance({ kind: "stopped" }).tooltip, /not running/);
    const failed = appearance({
        kind: "failed",
        reason: "proxycheck was not found",
        isHandled: false,
    });
    assert.deepEqual([failed.tooltip, failed.isError], ["proxycheck was not found", true]);
});
